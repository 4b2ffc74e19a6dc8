// Apple's push service, as its documentation describes it, on HTTP/2 without TLS and on this machine only. It checks
// the provider token with Node's own cryptography and every header and key of a push, and spoils what it is told to.
//
// argv[2]: {publicKey, keyId, teamId, topic} as JSON. It says {"port": n} first; then each line on stdin is a command,
// answered by one line: {"next": [what, ...]}, {"clock": seconds ahead}, or {} to see what there is.
import { createPublicKey, verify } from "node:crypto";
import http2 from "node:http2";
import { createInterface } from "node:readline";

const app = JSON.parse(process.argv[2]);
const key = createPublicKey(app.publicKey);
const HOUR = 3600;
const taken = [];
const tokens = new Set();
let next = [];
let ahead = 0;
let connections = 0;

const say = (told) => process.stdout.write(JSON.stringify(told) + "\n");
const now = () => Math.floor(Date.now() / 1000) + ahead;
const decoded = (part) => JSON.parse(Buffer.from(part, "base64url"));

function tokenFault(header) {
  if (!header) return [403, "MissingProviderToken"];
  const [scheme, token] = header.split(" ");
  const [head, claims, signature] = token.split(".");
  const { alg, kid } = decoded(head);
  const { iss, iat } = decoded(claims);
  const sealed = { key, dsaEncoding: "ieee-p1363" };
  const signed = verify("sha256", Buffer.from(`${head}.${claims}`), sealed, Buffer.from(signature, "base64url"));
  if (scheme !== "bearer" || alg !== "ES256" || kid !== app.keyId || iss !== app.teamId || !signed) {
    return [403, "InvalidProviderToken"];
  }
  if (iat > now() + 60 || iat < now() - HOUR) return [403, "ExpiredProviderToken"];
  tokens.add(token);
  return null;
}

function only(object, ...names) {
  return Object.keys(object).every((name) => names.includes(name));
}

function pushFault(headers, body) {
  if (headers[":method"] !== "POST") return [405, "MethodNotAllowed"];
  if (!/^\/3\/device\/[0-9a-f]+$/.test(headers[":path"])) return [404, "BadPath"];
  if (headers["apns-topic"] !== app.topic) return [400, "TopicDisallowed"];
  if (headers["apns-push-type"] !== "alert") return [400, "InvalidPushType"];
  if (headers["apns-priority"] !== "10") return [400, "BadPriority"];
  if (!/^\d+$/.test(headers["apns-expiration"] ?? "")) return [400, "BadExpirationDate"];
  if (Buffer.byteLength(headers["apns-collapse-id"] ?? "") > 64) return [400, "BadCollapseId"];
  if (body.length > 4096) return [413, "PayloadTooLarge"];
  const { aps } = JSON.parse(body);
  const known = only(aps, "alert", "badge", "sound", "thread-id") && only(aps.alert, "title", "body");
  return known && Number.isInteger(aps.badge) ? null : [400, "PayloadEmpty"];
}

function answer(stream, status, reason, headers = {}) {
  if (stream.destroyed) return;
  stream.respond({ ":status": status, ...headers });
  stream.end(reason ? JSON.stringify({ reason }) : "");
}

function goAway(session, lastTaken) {
  session.goaway(0, lastTaken, Buffer.from(JSON.stringify({ reason: "Shutdown" })));
  setImmediate(() => session.destroy());
}

function arrived(stream, headers, body) {
  const what = next.shift();
  if (what === "hang") return;
  if (what === "goaway") return goAway(stream.session, Math.max(stream.id - 2, 0));
  if (what === "reset") return stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
  const told = what?.status && [what.status, what.reason];
  const fault = told || tokenFault(headers.authorization) || pushFault(headers, body);
  if (fault) return answer(stream, ...fault, what?.headers);
  taken.push({ device: headers[":path"].slice(10), headers: { ...headers }, payload: JSON.parse(body) });
  const { id, session } = stream;
  if (what === "taken, then goaway") stream.once("close", () => goAway(session, id));
  answer(stream, 200);
}

const server = http2.createServer();
server.on("session", () => (connections += 1));
server.on("stream", (stream, headers) => {
  const parts = [];
  stream.on("error", () => {});
  stream.on("data", (part) => parts.push(part));
  stream.on("end", () => arrived(stream, headers, Buffer.concat(parts)));
});
server.listen(0, "127.0.0.1", () => say({ port: server.address().port }));

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const command = JSON.parse(line);
    if (command.next) next = command.next;
    if (command.clock !== undefined) ahead = command.clock;
    say({ taken, connections, tokens: tokens.size });
  })
  .on("close", () => process.exit(0));
