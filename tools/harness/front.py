# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""One port in front of Odoo's two, as a reverse proxy is in production.

Odoo with workers answers websockets on a port of their own. A browser opens a new connection for
a websocket, so the first line that a connection sends tells where all of it belongs, and nothing
more of HTTP needs to be understood here. For demos only: it adds no `X-Forwarded-*` headers.

usage: front.py PORT HTTP_PORT GEVENT_PORT
"""

import asyncio
import sys


async def pump(reader, writer):
    """Carry bytes in one direction until that direction ends."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # whoever reads is gone


async def serve(port, http_port, gevent_port):
    """Accept connections and carry each to the port it belongs to."""

    async def carry(reader, writer):
        try:
            first = await reader.readline()
            path = first.split(b" ")[1:2]
            is_websocket = path and path[0].startswith(b"/websocket")
            behind = gevent_port if is_websocket else http_port
            odoo_reader, odoo_writer = await asyncio.open_connection("127.0.0.1", behind)
        except (OSError, ValueError):
            writer.close()  # Odoo is restarting, or this was not HTTP
            return
        odoo_writer.write(first)
        pumps = {
            asyncio.create_task(pump(reader, odoo_writer)),
            asyncio.create_task(pump(odoo_reader, writer)),
        }
        # Odoo has answered, or the browser is gone: the other direction is of no use any more.
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        odoo_writer.close()
        writer.close()

    server = await asyncio.start_server(carry, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(*map(int, sys.argv[1:])))
