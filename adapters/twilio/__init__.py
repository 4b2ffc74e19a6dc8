"""What every Twilio channel needs, whatever it carries: the account's keys, signed webhooks, the REST API.

It is no adapter, has no entry point, and knows neither texts nor calls: what an answer means is each channel's own.
"""
