// The push service of the npm package web-push-testing, on a free port of this machine alone. argv[2]: its folder as JSON.
import { createRequire } from "node:module";

const folder = JSON.parse(process.argv[2]);
const require = createRequire(folder + "/");
const { PushApiModel } = require("./src/PushApiModel.js");
const Server = require("./src/server.js");

console.log = () => {}; // stdout is for our one line
console.error = () => {};
const model = new PushApiModel();
const server = new Server(model, 0);
const listen = server._app.listen.bind(server._app);
server._app.listen = (port, ready) => listen(port, "127.0.0.1", ready);
server.startServer();
server._server.once("listening", () => {
  const { port } = server._server.address();
  model.notifyUrl = `http://127.0.0.1:${port}/notify/`;
  process.stdout.write(JSON.stringify({ port }) + "\n");
});
process.stdin.resume().on("end", () => process.exit(0));
