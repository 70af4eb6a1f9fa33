"""A loopback server that speaks Dukascopy's two protocols (formats.md 1.3, 1.4) and misbehaves on request."""
import json
import lzma
import struct
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOUR = timedelta(hours=1)


def utc(*parts):
    return datetime(*parts, tzinfo=timezone.utc)


def epoch_ms(time):
    return int(time.timestamp() * 1000)


def records_of(hour, points=114_000, count=200):
    """(ms, ask, bid, ask volume, bid volume in units) of an hour, the same for every call."""
    step = 3_600_000 // (count + 1)
    seed = int(hour.timestamp()) // 3600
    return [(i * step + (seed * 7 + i * i) % 50, points + (seed + i) % 37 + 11, points + (seed + i) % 37,
             900_000 + 10_000 * (i % 5), 1_800_000) for i in range(count)]


def json_hour(hour, records, multiplier=1e-5, decimals=5):
    def deltas(values):
        return [b - a for a, b in zip([values[0]] + values, values)] if values else []
    base = epoch_ms(hour)
    times = [base + r[0] for r in records]
    answer = {"timestamp": base, "multiplier": multiplier}
    if records:
        answer["ask"] = round(records[0][1] * 10.0 ** -decimals, decimals)
        answer["bid"] = round(records[0][2] * 10.0 ** -decimals, decimals)
    answer["times"] = ([times[0] - base] + deltas(times)[1:]) if times else []
    answer["asks"] = deltas([r[1] for r in records])
    answer["bids"] = deltas([r[2] for r in records])
    answer["askVolumes"] = [float(r[3]) for r in records]
    answer["bidVolumes"] = [float(r[4]) for r in records]
    return json.dumps(answer).encode()


def bi5_hour(records):
    if not records:
        return b""
    plain = b"".join(struct.pack(">IIIff", ms, ask, bid, a / 1e6, b / 1e6) for ms, ask, bid, a, b in records)
    return lzma.compress(plain, lzma.FORMAT_ALONE, preset=1)


class FeedServer:
    """`answers[path]` is (status, headers, body) or a callable giving one, or None to cut the connection in
    the middle of the body; other paths are 404. `on_request(n)` is called before the n-th answer, from 1."""

    def __init__(self):
        self.answers, self.asked, self.on_request = {}, [], lambda n: None
        lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                with lock:
                    outer.asked.append(self.path)
                    number = len(outer.asked)
                outer.on_request(number)
                answer = outer.answers.get(self.path, (404, {}, b""))
                if callable(answer):
                    answer = answer()
                status, headers, body = answer if answer else (200, {}, b"x" * 1000)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body if answer else body[:500])
                if not answer:
                    self.close_connection = True

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_):
                """A client that was killed is no news."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    @property
    def root(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @staticmethod
    def json_path(hour, code="EUR-USD"):
        return f"/ticks/{code}/{hour.year}/{hour.month}/{hour.day}/{hour.hour}"

    @staticmethod
    def bi5_path(hour, symbol="EURUSD"):
        return f"/{symbol}/{hour.year:04}/{hour.month - 1:02}/{hour.day:02}/{hour.hour:02}h_ticks.bi5"

    def serve(self, begin, hours, feed="json", **how):
        for i in range(hours):
            hour = begin + i * HOUR
            records = records_of(hour, **how)
            if feed == "json":
                self.answers[self.json_path(hour)] = (200, {}, json_hour(hour, records))
            else:
                self.answers[self.bi5_path(hour)] = (200, {}, bi5_hour(records))
