"""A TCP proxy before PostgreSQL that loses what travels, in either direction, by seed."""
import random
import select
import socket
import threading

CHUNK = 65536


class LossyProxy:
    """Forwards to 127.0.0.1:`port`. One message in `one_in` that carries a COMMIT, and one other in `one_in` * 10,
    meets a fault: its request is lost, or its answer, or the connection while it is under way, or all goes silent.
    `faults` counts them by name."""

    FAULTS = ("request lost", "answer lost", "cut under way", "silent")

    def __init__(self, port, seed, one_in, weights=(3, 3, 3, 1)):
        self.target, self.random, self.one_in, self.weights = port, random.Random(seed), one_in, weights
        self.lock = threading.Lock()
        self.faults = dict.fromkeys(self.FAULTS, 0)
        self.calm = False
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def stop(self):
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def fault(self, message):
        one_in = self.one_in if b"COMMIT\0" in message else self.one_in * 10
        with self.lock:
            if self.calm or self.random.random() * one_in >= 1:
                return None
            name = self.random.choices(self.FAULTS, self.weights)[0]
            self.faults[name] += 1
            return name

    def serve(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            client.close()
            return
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.forward(client, server)
        except OSError:
            pass
        finally:
            client.close()
            server.close()

    def forward(self, client, server):
        while True:
            for ready in select.select([client, server], [], [])[0]:
                message = ready.recv(CHUNK)
                if not message:
                    return
                if ready is server:
                    client.sendall(message)
                    continue
                fault = self.fault(message)
                if fault is None:
                    server.sendall(message)
                elif self.lose(fault, message, client, server):
                    return

    def lose(self, fault, message, client, server):
        if fault == "request lost":
            return True
        server.sendall(message)
        if fault == "cut under way":  # The server may find out before, while or after it works.
            return True
        while fault == "silent":  # Until the client gives up.
            if client in select.select([client, server], [], [])[0]:
                if not client.recv(CHUNK):
                    return True
            elif not server.recv(CHUNK):
                while client.recv(CHUNK):
                    pass
                return True
        server.recv(CHUNK)  # The answer was on its way.
        return True
