"""Runs the Python clients of the older systems' documents: python3 play.py ws://HOST:PORT s2|s3 [TOKEN]

Their text is run as it is, but for the address, and the token where one is given. The document of s3 has its class in
pieces; they are put together here, with a connection below them, which it leaves out.
"""

import json
import logging
import pathlib
import sys
import textwrap
import threading
import time
import types
import typing

from websockets.sync.client import connect

BASE, DIALECT, *TOKEN = sys.argv[1:]
PATIENCE_S = 60


def read(name):
    text = pathlib.Path(__file__).with_name(name).read_text(encoding="utf-8")
    text = text.replace("ws://localhost:8000", BASE)
    for token in TOKEN:
        text = text.replace("your-auth-token", token).replace("your_api_key", token)
    return text


def play(name, scope):
    exec(compile(read(name), name, "exec"), scope)


def play_s2():
    play("s2_client.py", {"__name__": "__main__"})


def after_the_first_line(name):
    """The body of a function whose head is cut short in the document."""
    return textwrap.dedent(read(name).split("\n", 1)[1])


class BybitWebSocketClient:
    """The connection below the client of s3."""

    def __init__(self, ws_url, on_message, on_reconnect):
        self.ws_url, self.on_message, self.on_reconnect = ws_url, on_message, on_reconnect
        self.ws = None

    def open(self):
        self.ws = connect(self.ws_url)
        threading.Thread(target=self.receive, daemon=True).start()
        self.on_reconnect()

    def receive(self):
        for text in self.ws:
            self.on_message(json.loads(text))

    def subscribe(self, topics):
        self.ws.send(json.dumps({"op": "subscribe", "args": topics}))


def private_web_socket():
    scope = {
        "time": time,
        "logger": logging.getLogger("older"),
        "expires": int(time.time() * 1000) + 10_000,
        "signature": "signature-of-no-account",
        **{name: getattr(typing, name) for name in ("Any", "Dict", "List", "Optional")},
    }
    pieces = ["authenticate", "on_reconnect", "subscribe_to_topics", "handle_executions", "accessors"]
    for piece in pieces:
        play(f"s3_{piece}.py", scope)
    handle_executions = scope["_handle_message"]

    class PrivateWebSocket:
        def __init__(self, api_key, api_secret, on_order, on_position, on_execution, testnet):
            self.api_key, self.api_secret = api_key, api_secret
            self.on_order, self.on_position, self.on_execution = on_order, on_position, on_execution
            exec(after_the_first_line("s3_init.py"), {**scope, "self": self})
            self.client = BybitWebSocketClient(BASE + "/v5/private", self.handle, self._on_reconnect)
            self.told = threading.Event()

        def handle(self, data):
            if data.get("op") == "auth" and data["success"]:
                self.authenticated = True
                self._subscribe_to_topics()
            elif data.get("op"):
                print("answer", json.dumps(data))
            scope["topic"] = data.get("topic")
            for name in ("s3_handle_orders.py", "s3_handle_positions.py"):
                play(name, {**scope, "self": self, "data": data})
            handle_executions(self, data)
            if self.orders_state and self.positions_state and self.executions_history:
                self.told.set()

        def start(self):
            self.client.open()
            if not self.told.wait(PATIENCE_S):
                sys.exit("an order, a position and an execution did not all come")

        def stop(self):
            self.client.ws.close()

    for name in ("_authenticate", "_on_reconnect", "_subscribe_to_topics"):
        setattr(PrivateWebSocket, name, scope[name])
    for name in ("get_order_status", "get_position", "get_executions", "get_all_orders", "get_all_positions"):
        setattr(PrivateWebSocket, name, scope[name])
    return PrivateWebSocket


def play_s3():
    package, module = types.ModuleType("exchange"), types.ModuleType("exchange.private_ws")
    module.PrivateWebSocket = private_web_socket()
    sys.modules["exchange"], sys.modules["exchange.private_ws"] = package, module
    scope = {"__name__": "__main__"}
    play("s3_usage.py", scope)
    names = ("order_status", "position", "recent_fills")
    print("kept", json.dumps({**{name: scope[name] for name in names}, "orders": scope["ws"].get_all_orders()}))


{"s2": play_s2, "s3": play_s3}[DIALECT]()
