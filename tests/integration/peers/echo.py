"""A WebSocket echo with Python's `websockets`, and whatever else a test asks for by path.

Arguments: port, limit of a message, and for TLS the certificate and the key.
"""

import asyncio
import ssl
import sys

from websockets.asyncio.server import serve


def say(line):
    print(line, flush=True)


def answer(connection, request):
    if "Upgrade" not in request.headers:
        return connection.respond(200, "hello from websockets\n")


def subprotocol(connection, offered):
    return "v2.lab" if "v2.lab" in offered else None


async def fragments(socket):
    def large():
        for n in range(256):
            yield bytes([n]) * 65536

    await socket.send(large())
    text = "gr\u00fc\u00df dich, \U0001f30d".encode()
    await socket.send((text[n : n + 1] for n in range(len(text))), text=True)


async def converse(socket):
    offers = socket.request.headers.get("Sec-WebSocket-Extensions", "nothing")
    say(f"open {socket.request.path}, offers {offers}")
    what, _, value = socket.request.path[1:].partition("/")
    if what == "close":
        await socket.close(int(value), f"because {value}")
    elif what == "ping":
        await (await socket.ping("are you there"))
        await socket.send("pong: are you there")
    elif what == "fragments":
        await fragments(socket)
    async for message in socket:
        await socket.send(message)


async def served(socket):
    try:
        await converse(socket)
    finally:
        await socket.wait_closed()
        say(f"closed {socket.close_code} {socket.close_reason}")


async def main(port, limit, cert=None, key=None):
    tls = None
    if cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(cert, key)
    async with serve(
        served,
        "127.0.0.1",
        int(port),
        ssl=tls,
        max_size=int(limit),
        compression="deflate",
        select_subprotocol=subprotocol,
        process_request=answer,
    ):
        await asyncio.get_running_loop().create_future()


asyncio.run(main(*sys.argv[1:]))
