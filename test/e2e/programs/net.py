"""urllib, asyncio, ssl and plain sockets: prints one JSON object."""
import asyncio
import json
import socket
import ssl
import time
import urllib.error
import urllib.request


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return '%d %s' % (answer.status, answer.read().decode())
    except urllib.error.HTTPError as error:
        return str(error.code)
    except OSError as error:
        return type(getattr(error, 'reason', error)).__name__


async def talk(host, port):
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 5)
        writer.write(b'GET /asyncio HTTP/1.1\r\nHost: server\r\nConnection: close\r\n\r\n')
        return (await reader.read()).split(b'\r\n\r\n')[-1].decode()
    except OSError as error:
        return type(error).__name__


def over_tls():
    context = ssl.create_default_context(cafile='server.pem')
    context.check_hostname = False
    with socket.create_connection(('server', 8443), 5) as plain, context.wrap_socket(plain) as secure:
        return secure.recv(100).decode()


def udp(host, family=socket.AF_INET):
    with socket.socket(family, socket.SOCK_DGRAM) as one:
        one.settimeout(2)
        try:
            one.connect((host, 53))
            one.send(b'x')
            return one.recv(1).decode()
        except OSError as error:
            return type(error).__name__


def took(work):
    started = time.monotonic()
    return {'said': work(), 'ms': round((time.monotonic() - started) * 1000)}


print(json.dumps({
    'urllib': get('http://server/urllib'),
    'denied': get('http://denied/'),
    'unknown': get('http://metadata.google.internal/'),
    'asyncio': asyncio.run(talk('server', 80)),
    'asyncioOutside': asyncio.run(talk('1.1.1.1', 80)),
    'tls': over_tls(),
    'families': [entry[0].name for entry in socket.getaddrinfo('server', 80, type=socket.SOCK_STREAM)],
    'ipv6': took(lambda: get('http://[2606:4700:4700::1111]/')),
    'mapped': took(lambda: get('http://[::ffff:169.254.169.254]/')),
    'metadata': took(lambda: get('http://169.254.169.254/latest/meta-data/')),
    'udp': took(lambda: udp('8.8.8.8')),
    'udp6': took(lambda: udp('2001:4860:4860::8888', socket.AF_INET6)),
}))
