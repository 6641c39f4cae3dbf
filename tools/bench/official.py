"""The official client's side of the client's benchmark: does what each line of stdin asks, and answers with a line."""

import asyncio
import json
import sys
import time
import uuid

import numpy as np
import tritonclient.grpc as blocking
import tritonclient.grpc.aio as aio
from tritonclient.utils import shared_memory


async def small(order):
    """Many small calls, some at a time."""
    size = order["bytes"]
    data = np.full(size, 7, np.uint8)
    took = []
    left = iter(range(order["requests"]))
    async with aio.InferenceServerClient(order["endpoint"]) as client:

        async def worker():
            for _ in left:
                started = time.perf_counter()
                tensor = aio.InferInput("INPUT", [size], "UINT8")
                tensor.set_data_from_numpy(data)
                answer = await client.infer("echo", [tensor], outputs=[aio.InferRequestedOutput("OUTPUT")])
                assert answer.as_numpy("OUTPUT").size == size
                took.append((time.perf_counter() - started) * 1000)

        await client.is_server_ready()
        started = time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(order["concurrency"])))
        spent = (time.perf_counter() - started) * 1000
    return {"ms": spent, "p50": sorted(took)[len(took) // 2]}


class Large:
    """Clients and regions stay from one order to the next, as those of the other side do."""

    def __init__(self):
        self.clients = {}
        self.regions = {}

    def run(self, order):
        client = self.clients.setdefault(order["endpoint"], blocking.InferenceServerClient(order["endpoint"]))
        size = order["bytes"]
        shared = self.region(client, size) if order.get("shared") else None
        return {"ms": [self.one(client, size, shared) for _ in range(order["requests"])]}

    def one(self, client, size, shared):
        started = time.perf_counter()
        wanted = blocking.InferRequestedOutput("OUTPUT")
        if shared is not None:
            wanted.set_shared_memory(shared[0], size)
        tensor = blocking.InferInput("BYTES", [1], "INT32")
        tensor.set_data_from_numpy(np.array([size], np.int32))
        answer = client.infer("answer", [tensor], outputs=[wanted])
        # A view of the region is overwritten by the next call: a result that lasts is a copy.
        whole = (
            shared_memory.get_contents_as_numpy(shared[1], np.uint8, [size]).copy()
            if shared
            else answer.as_numpy("OUTPUT")
        )
        assert whole.size == size
        return (time.perf_counter() - started) * 1000

    def region(self, client, size):
        if size not in self.regions:
            name = f"bench-{uuid.uuid4().hex}"
            handle = shared_memory.create_shared_memory_region(name, f"/{name}", size)
            client.register_system_shared_memory(name, f"/{name}", size)
            self.regions[size] = (name, handle, client)
        return self.regions[size]

    def close(self):
        for name, handle, client in self.regions.values():
            client.unregister_system_shared_memory(name)
            shared_memory.destroy_shared_memory_region(handle)


def main():
    """Obeys until there is no more."""
    large = Large()
    try:
        for line in sys.stdin:
            order = json.loads(line)
            before = time.process_time()
            answer = asyncio.run(small(order)) if order["what"] == "small" else large.run(order)
            answer["cpuMs"] = (time.process_time() - before) * 1000
            print(json.dumps(answer), flush=True)
    finally:
        large.close()


main()
