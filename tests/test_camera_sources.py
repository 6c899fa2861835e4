"""Every source that can run without a camera, and files that nobody should give it."""

from __future__ import annotations

import socket
import struct
import sys
import threading
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image
from watching import PHOTOS, camera, decoded, lines, network_camera, script

from dsnet_edge.camera.source import CameraError, Size, Source
from dsnet_edge.camera.sources import choose
from dsnet_edge.camera.sources.choose import choose_feed, turned

SIZE = Size(160, 120)


def pictures(source: Source) -> list[np.ndarray]:
    found = []
    while (picture := source.read()) is not None:
        found.append(picture)
    source.close()
    return found


def test_a_video_is_what_opencv_decodes_red_first(video):
    found, expected = pictures(choose_feed(str(video), SIZE, paced=False).open()), decoded(video)
    assert len(found) == len(expected) > 50
    assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True))
    with Image.open(sorted(PHOTOS.glob("*.jpg"))[0]) as photo:
        first = np.asarray(photo.convert("RGB").resize((160, 120)), float)
    error = [np.abs(found[0] - first).mean(), np.abs(found[0][:, :, ::-1] - first).mean()]
    assert error[0] < 0.7 * error[1], "the astronaut's orange suit is not blue"


def test_a_motion_jpeg_avi(tmp_path):
    count = script("scripts/make_video.py").write_video(tmp_path / "v.avi", size=(64, 48), seconds=0.1, codec="MJPG")
    assert len(pictures(choose_feed(str(tmp_path / "v.avi"), SIZE, paced=False).open())) == count > 10


def test_photos_come_by_name_upright_and_without_those_that_cannot_be_read(tmp_path):
    photo = Image.open(PHOTOS / "rocket.jpg")
    photo.save(tmp_path / "b.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    photo.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "a.webp", lossless=True, exif=exif)
    (tmp_path / "aa.jpg").write_bytes((PHOTOS / "cat.jpg").read_bytes()[:200])
    (tmp_path / "ab.png").write_bytes(bomb(40_000))
    (tmp_path / "notes.txt").write_text("no photo")
    found = pictures(choose_feed(str(tmp_path), SIZE, paced=False).open())
    assert len(found) == 2 and all(np.array_equal(picture, np.asarray(photo)) for picture in found)


def test_a_folder_without_photos_or_with_bad_ones_only(tmp_path):
    with pytest.raises(CameraError, match="has no photos"):
        choose_feed(str(tmp_path), SIZE, paced=False).open()
    (tmp_path / "a.png").write_bytes(bomb(40_000))
    with pytest.raises(CameraError, match=r"none of its photos can be read.*a\.png"):
        choose_feed(str(tmp_path), SIZE, paced=False).open().read()


def test_a_pipeline_gives_its_pictures_and_ends():
    feed = choose_feed("gst:videotestsrc pattern=red num-buffers=5 ! video/x-raw,framerate=100/1", SIZE, paced=True)
    source = feed.open()
    found = pictures(source)
    assert len(found) == 5 and all(picture.shape == (120, 160, 3) for picture in found)
    assert np.abs(found[0].astype(int) - (255, 0, 0)).max() <= 2
    assert feed.lasting and source._process.poll() == 0


def test_a_pipeline_is_ended_with_its_source():
    source = choose_feed("gst:videotestsrc", SIZE, paced=True).open()
    source.read()
    source.close()
    assert source._process.poll() == -9


@pytest.mark.parametrize(
    ("pipeline", "size", "said"),
    [
        ("nosuchthing", SIZE, "no element"),
        ("videotestsrc num-buffers=2 ! filesink", SIZE, "ended"),
        ("videotestsrc", Size(162, 120), "multiple of 4"),
        ("videotestsrc ! '", SIZE, "No closing quotation"),
    ],
)
def test_a_pipeline_that_cannot_be(pipeline, size, said):
    with pytest.raises(CameraError, match=said):
        source = choose_feed(f"gst:{pipeline}", size, paced=True).open()
        try:
            source.read()
        finally:
            source.close()


def test_without_gstreamer(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CameraError, match=r"apt install gstreamer1\.0-tools"):
        choose_feed("gst:videotestsrc", SIZE, paced=True).open()


def test_a_stream_of_the_network():
    with network_camera() as there:
        source = choose_feed(there.address, SIZE, paced=True).open()
        found = [source.read() for _ in range(10)]
        assert {picture.shape for picture in found} == {(120, 160, 3)}
        assert len({picture.tobytes() for picture in found}) == 7, "the seven photos"
        there.unplug()
        with pytest.raises(CameraError, match="gives no more pictures"):
            while True:
                source.read()
        source.close()
        with pytest.raises(CameraError, match="cannot be opened"):
            choose_feed(there.address, SIZE, paced=True).open()
        there.plug_in()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("3", "/dev/video3"),
        ("/dev/video12", "/dev/video12"),
        ("picamera", "picamera:0"),
        ("picamera:1", "picamera:1"),
        ("rtsp://anna:secret@cam.local:554/a?b=c@d", "rtsp://cam.local:554/a?b=c@d"),
        ("http://cam/stream", "http://cam/stream"),
        ("gst:videotestsrc", "gst:videotestsrc"),
    ],
)
def test_cameras_by_name(text, name):
    feed = choose_feed(text, SIZE, paced=True)
    assert (feed.name, feed.lasting) == (name, True)


def test_the_wheels_opencv_is_asked_for_a_device_that_is_none(tmp_path):
    (tmp_path / "video0").write_bytes(b"no camera")
    with pytest.raises(CameraError, match="cannot be opened as a camera"):
        choose.open_device(tmp_path / "video0", SIZE)


@pytest.mark.parametrize(("degrees", "transpose"), [(90, "ROTATE_270"), (180, "ROTATE_180"), (270, "ROTATE_90")])
def test_turned_is_clockwise(degrees, transpose):
    feed = choose_feed(str(PHOTOS), SIZE, paced=False)
    upright, found = feed.open().read(), turned(feed, degrees).open().read()
    assert np.array_equal(found, np.asarray(Image.fromarray(upright).transpose(getattr(Image.Transpose, transpose))))
    assert found.flags.c_contiguous and turned(feed, 0) is feed


def test_damaged_videos_end_and_crash_nothing(video, sliced_bundle, tmp_path):
    """In a process of its own each, as it is FFmpeg's decoders that read them."""
    whole = video.read_bytes()
    random = np.random.default_rng(0)
    noisy = np.frombuffer(whole, np.uint8).copy()
    noisy[random.integers(2000, len(noisy) - 4000, 300)] = random.integers(0, 256, 300)
    (tmp_path / "noisy.mp4").write_bytes(noisy.tobytes())
    found = lines(camera(sliced_bundle, "--source", tmp_path / "noisy.mp4", "--every-frame", "--json-lines", "-").stdout)
    assert 0 < len(found) <= len(decoded(video))
    for name, content in (("cut", whole[: len(whole) // 2]), ("noise", random.bytes(5000)), ("empty", b"")):
        (tmp_path / f"{name}.mp4").write_bytes(content)
        with pytest.raises(CameraError, match="cannot be opened as a camera or a video"):
            choose_feed(str(tmp_path / f"{name}.mp4"), SIZE, paced=False).open()


def test_a_video_of_more_pixels_than_any_camera_has(tmp_path):
    script("scripts/make_video.py").write_video(tmp_path / "v.avi", size=(64, 48), seconds=0.1, codec="I420")
    content = (tmp_path / "v.avi").read_bytes()
    assert content.count(struct.pack("<II", 64, 48)) >= 2
    (tmp_path / "v.avi").write_bytes(content.replace(struct.pack("<II", 64, 48), struct.pack("<II", 16_000, 16_000)))
    with pytest.raises(CameraError, match="16000 x 16000 pixels"):
        choose_feed(str(tmp_path / "v.avi"), SIZE, paced=False).open()


def test_a_playlist_in_a_videos_clothes_reaches_no_network(tmp_path):
    asked = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(2)

        def listen() -> None:
            try:
                server.accept()[0].close()
                asked.set()
            except TimeoutError:
                pass

        thread = threading.Thread(target=listen)
        thread.start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x.ts"
        (tmp_path / "v.mp4").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{address}\n#EXT-X-ENDLIST\n")
        with pytest.raises(CameraError):
            choose_feed(str(tmp_path / "v.mp4"), SIZE, paced=False).open()
        thread.join()
    assert not asked.is_set()


def test_opencv_is_asked_for_by_the_name_of_its_extra(video, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(Exception, match=r"dsnet-edge\[camera\]"):
        choose_feed(str(video), SIZE, paced=False).open()
    assert cv2 is not None


def bomb(side: int) -> bytes:
    """A PNG of side x side pixels in a few hundred bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
