"""What viewers cost the camera's loop: its frame rate and this process's memory with and without them, in turn.

    python benchmarks/camera_viewers.py BUNDLE [--rounds 6] [--seconds 5] [--fps 30] [--viewers 20] [--stalled 5]

The loop classifies 640 x 480 pictures of the demo photos, `--fps` a second as a camera gives them, or with 0 as many as it can.
The viewers, of which some ask for frames and then never read, are a process of the lowest priority, as they would be on other
machines. Each round measures without and with them.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path as FilePath
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

from dsnet_edge.camera.capture import Capture
from dsnet_edge.camera.health import HealthWatch
from dsnet_edge.camera.loop import Loop
from dsnet_edge.camera.settings import Choices, prices_of, usable_backends
from dsnet_edge.camera.source import Feed
from dsnet_edge.camera.values import Live, Settings
from dsnet_edge.camera.web import serve
from dsnet_edge.demo import photos
from dsnet_edge.devices.tree import FileTree
from dsnet_edge.runtime.bundle import open_bundle

_STALE = b'\x81\x8c\x00\x00\x00\x00{"next": -1}'  # one request, as a websocket frame


class DemoPhotos:
    """A camera that sees one demo photo after the other. Without a rate it waits for nobody, and `Capture` must wait."""

    def __init__(self, fps: float) -> None:
        self._between_s, self._due = 1 / fps if fps else 0.0, time.monotonic()
        seen = (Image.open(photo).convert("RGB").resize((640, 480)) for photo in photos())
        self._pictures = itertools.cycle([np.asarray(photo) for photo in seen])

    def read(self) -> np.ndarray:
        self._due = max(self._due + self._between_s, time.monotonic() - self._between_s)
        time.sleep(max(0.0, self._due - time.monotonic()))
        return next(self._pictures)

    def close(self) -> None:
        pass


def measure(live: Live, seconds: float) -> tuple[float, float]:
    """Frames classified a second, from the numbers of the first and the last one; and the processor's time, in cores."""

    def newest() -> tuple[int, float]:
        result = live.wait(live.result.frame.number if live.result else -1, 10.0)
        assert result is not None, "the loop stands still"
        return result.frame.number, time.monotonic()

    (first, start), cpu = newest(), time.process_time()
    time.sleep(seconds)
    (last, end), after = newest(), time.process_time()
    return (last - first) / (end - start), (after - cpu) / (end - start)


def resident_mb() -> float:
    pages = int(FilePath("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def viewers(address: str, count: int, stalled: int) -> Iterator[subprocess.Popen[str]]:
    """In a process of their own; yields when each has its first frame. They say at the end how many frames they saw."""
    command = [sys.executable, __file__, "--watch", address, "--viewers", str(count), "--stalled", str(stalled)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.stdin.close()


async def watch(address: str, count: int, stalled: int) -> None:
    """What that process does, until its standard input ends."""
    from websockets.asyncio.client import connect
    from websockets.typing import Origin

    origin = Origin(address.rstrip("/"))
    url = address.replace("http", "ws", 1) + "live"
    seen = [0] * (count - stalled)

    async def look(number: int, ready: asyncio.Barrier) -> None:
        async with connect(url, origin=origin, compression=None, proxy=None) as socket:
            after = -1
            while True:
                await socket.send(json.dumps({"next": after}))
                answer = await socket.recv()
                assert isinstance(answer, bytes)
                told = json.loads(answer[4 : 4 + int.from_bytes(answer[:4], "big")])
                if "result" in told:
                    after = told["result"]["number"]
                    seen[number] += 1
                if seen[number] == 1:
                    await ready.wait()

    async with AsyncExitStack() as stack:
        for _ in range(stalled):
            _, writer = await asyncio.open_connection(urlsplit(address).hostname, urlsplit(address).port, limit=1)
            stack.callback(writer.close)
            host = urlsplit(address).netloc
            writer.write(
                f"GET /live HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            writer.write(_STALE * 20)
        ready = asyncio.Barrier(len(seen) + 1)
        looking = [asyncio.create_task(look(number, ready)) for number in range(len(seen))]
        await ready.wait()
        print("ready", flush=True)
        start = time.monotonic()
        await asyncio.to_thread(sys.stdin.read)
        print(statistics.median(seen) / (time.monotonic() - start))
        for task in looking:
            task.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", nargs="?", type=FilePath)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--fps", type=float, default=30.0)
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--stalled", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print JSON, for tests")
    parser.add_argument("--watch", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.watch:
        os.nice(19)
        asyncio.run(watch(options.watch, options.viewers, options.stalled))
        return
    bundle = open_bundle(options.bundle)
    choices = Choices(bundle, usable_backends(bundle), prices_of(bundle, None, "ms"), needs_budget=False)
    capture = Capture(Feed("demo photos", lambda: DemoPhotos(options.fps), lasting=True), every=not options.fps)
    rows = []
    with ExitStack() as stack:
        health = stack.enter_context(HealthWatch(FileTree(), None))
        stack.enter_context(capture)
        live = stack.enter_context(Loop(choices, Settings("sliced", 1, None), capture, health)).live
        site = stack.enter_context(serve(live, port=0))
        for _ in range(options.rounds):
            without, alone = measure(live, options.seconds)
            with viewers(site.address, options.viewers, options.stalled) as process:
                watched, shared = measure(live, options.seconds)
                mb = resident_mb()
                output = process.communicate("")[0]
            row = {"without": without, "with": watched, "seen": float(output), "cores_without": alone, "cores_with": shared}
            rows.append(row | {"resident_mb": mb})
    ratio = statistics.median(row["with"] / row["without"] for row in rows)
    if options.json:
        print(json.dumps({"ratio": ratio, "rounds": rows}))
        return
    print("| frames a second | with viewers | a viewer sees | cores used | with | resident MB |\n|---|---|---|---|---|---|")
    for row in rows:
        rates = f"{row['without']:.2f} | {row['with']:.2f} | {row['seen']:.1f}"
        print(f"| {rates} | {row['cores_without']:.2f} | {row['cores_with']:.2f} | {row['resident_mb']:.1f} |")
    print(f"\nwith viewers, {ratio:.3f} of the frame rate without (median of {len(rows)} rounds)")


if __name__ == "__main__":
    main()
