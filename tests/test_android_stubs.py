"""The stubs of Android's framework: what the generator takes from its two sources, and what it refuses."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "android_demo" / "stubs"))

from api import Api
from check import Checker, read_classes
from generate import write
from members import LISTING, ListingError, read_listing, unguarded

APP = LISTING.parents[1] / "app" / "src"

# A framework of four types, as the two sources would have it.
PYI = """
import java
import typing

class Lamp(Thing):
    BRIGHT: typing.ClassVar[int] = ...
    NAME: typing.ClassVar[str] = ...
    @typing.overload
    def __init__(self, owner: Thing, /) -> None: ...
    @typing.overload
    def __init__(self, owner: Thing, watts: float | java.jfloat | java.lang.Float, /) -> None: ...
    def getAge(self) -> int: ...
    def getSerial(self, of: int | java.jlong | java.lang.Long, /) -> str | None: ...
    def setDim(self, levels: java.chaquopy.JavaArrayJInt, /) -> None: ...
    @staticmethod
    def all() -> java.util.List[Lamp]: ...

    class Callback(java.lang.Object):
        def __init__(self) -> None: ...
        def onBurnt(self, arg1: Lamp, /) -> None: ...
        def onLit(self, lamp: Lamp, /) -> None: ...

class Thing(java.lang.Object):
    def equals(self, other: java.lang.Object | int | bool | float | str, /) -> bool: ...
    def getOwner(self) -> Thing: ...

class Touched(java.lang.Object):
    def onTouch(self, arg1: Thing, arg2: int | java.jint | java.lang.Integer, /) -> bool: ...
    def onHold(self, thing: Thing, /) -> bool: ...
"""
DTS = """
declare module android {
    export module home {
        export class Lamp extends android.home.Thing {
            public static class: java.lang.Class<android.home.Lamp>;
            public static BRIGHT: 7;
            public static NAME: string;
            public constructor(owner: android.home.Thing);
            /** @since 29 */
            public constructor(owner: android.home.Thing, watts: number);
            public getAge(): number;
            public getSerial(of: number): string | null;
            /** @since 31 */
            public setDim(levels: androidNative.Array<number>): void;
            public static all(): java.util.List<android.home.Lamp>;
        }
        export module Lamp {
            export abstract class Callback extends java.lang.Object {
                public constructor();
                public onBurnt(param0: android.home.Lamp): void;
                public onLit(lamp: android.home.Lamp): void;
            }
        }
        export class Thing extends java.lang.Object {
            public equals(other: any): boolean;
            public getOwner(): android.home.Thing;
        }
        export class Touched extends java.lang.Object {
            /**
             * Constructs a new instance of the android.home.Touched interface with the provided implementation.
             */
            public constructor(implementation: {
                onTouch(param0: android.home.Thing, param1: number): boolean;
            });
            public constructor();
            public onTouch(param0: android.home.Thing, param1: number): boolean;
            /** @since 34 */
            public onHold(thing: android.home.Thing): boolean;
        }
    }
}
declare module java {
    export module lang {
        export class Object {
        }
    }
}
"""
GOOD = """
# A comment.
android.home.Lamp
  <init>
  BRIGHT
  NAME
  getAge: long
  getSerial(long)
  setDim @31
  all
  protected getOwner
android.home.Lamp.Callback extended
  <init>
android.home.Touched extended
"""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Api:
    root = tmp_path_factory.mktemp("sources")
    for package, text in {"android-stubs/home": PYI, "java-stubs/lang": "class Object: ...\n"}.items():
        (root / package).mkdir(parents=True)
        (root / package / "__init__.pyi").write_text(text)
    (root / "platform.d.ts").write_text(DTS)
    return Api(root, root / "platform.d.ts")


@pytest.fixture(scope="module")
def classes(api: Api, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("stubs")
    assert write(GOOD, api, out) == []
    sources = [str(path) for path in out.rglob("*.java")]
    subprocess.run(["javac", "--release", "8", "-Xlint:-options", "-d", str(out), *sources], check=True)
    return out


def _signatures(classes: Path, name: str) -> str:
    command = ["javap", "-protected", "-s", "-constants", "-cp", str(classes), name]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_class_has_what_the_listing_names_and_no_more(classes: Path) -> None:
    lamp = _signatures(classes, "android.home.Lamp")
    assert "public class android.home.Lamp extends android.home.Thing" in lamp
    assert "public static final int BRIGHT = 7;" in lamp
    assert "public static java.lang.String NAME;" in lamp  # of a value that no source knows: read at run time, not copied
    assert "public long getAge();" in lamp
    assert "public java.lang.String getSerial(long);" in lamp
    assert "public void setDim(int[]);" in lamp
    assert "public static java.util.List<android.home.Lamp> all();" in lamp
    assert "public android.home.Lamp(android.home.Thing);" in lamp
    assert "float" not in lamp  # that constructor is of API 29
    thing = _signatures(classes, "android.home.Thing")
    assert "protected android.home.Thing getOwner();" in thing  # declared where the framework declares it
    assert "equals" not in thing


def test_subclass_has_to_implement_what_has_no_code(classes: Path) -> None:
    callback = _signatures(classes, "android.home.Lamp$Callback")
    assert "public abstract class android.home.Lamp$Callback" in callback
    assert "public abstract void onBurnt(android.home.Lamp);" in callback
    assert "onLit" not in callback
    touched = _signatures(classes, "android.home.Touched")
    assert "public interface android.home.Touched" in touched
    assert "public abstract boolean onTouch(android.home.Thing, int);" in touched
    assert "onHold" not in touched


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("android.home.Bulb", "android.home.Bulb: not in the .d.ts"),
        ("android.home.Lamp\n  light", "android.home.Lamp.light: not in both sources"),
        ("android.home.Lamp\n  getSerial(int)", "android.home.Lamp.getSerial: not in both sources"),
        ("android.home.Lamp\n  setDim", "android.home.Lamp.setDim: since API 31, and its guard says 26"),
        ("android.home.Lamp\n  setDim @30", "android.home.Lamp.setDim: since API 31, and its guard says 30"),
        ("android.home.Lamp\n  getAge", "android.home.Lamp.getAge: say which of int, long"),
        ("android.home.Lamp\n  getAge: float", "android.home.Lamp.getAge: say which of int, long"),
        ("android.home.Lamp\n  getSerial: int", "android.home.Lamp.getSerial: is java.lang.String by itself"),
    ],
)
def test_wrong_line_is_reported_and_nothing_written(api: Api, tmp_path: Path, line: str, message: str) -> None:
    [error] = write(line, api, tmp_path)
    assert error.startswith(message)
    assert list(tmp_path.iterdir()) == []


def test_line_that_says_nothing_is_refused() -> None:
    with pytest.raises(ListingError, match=r"'getAge int' of android\.home\.Lamp is no member"):
        read_listing("android.home.Lamp\n  getAge int")


def test_use_without_its_guard_is_found(tmp_path: Path) -> None:
    listing = read_listing("android.home.Lamp\n  setDim @31\nandroid.home.Dimmer @35")
    (tmp_path / "Guarded.kt").write_text("if (Build.VERSION.SDK_INT >= 31) lamp.setDim(levels)")
    (tmp_path / "Imported.kt").write_text("import android.home.Dimmer\n// setDim would do\n")
    assert list(unguarded(tmp_path, listing)) == []
    (tmp_path / "Low.kt").write_text("if (Build.VERSION.SDK_INT >= 30) lamp.setDim(levels)")
    (tmp_path / "Type.kt").write_text("val dimmer = Dimmer()")
    found = [line.rpartition("/")[2] for line in unguarded(tmp_path, listing)]
    assert found == [
        "Low.kt: uses setDim, of API 31, and never asks for SDK_INT >= 31",
        "Type.kt: uses Dimmer, of API 35, and never asks for SDK_INT >= 35",
    ]


def test_the_app_asks_before_it_uses_what_is_new() -> None:
    listing = read_listing(LISTING.read_text())
    assert listing
    assert list(unguarded(APP, listing)) == []


# What an app may call of a framework that is not the one above.
OTHER_LAMP = """
package android.home;
public class Lamp {
    public Lamp(Thing owner) { }
    public Lamp(Thing owner, float watts) { }
    public long getAge() { return 0; }
    public String getSerial(long of) { return null; }
    public void setDim(int[] levels) { }
    public float light() { return 0; }
    public static java.util.List<Lamp> all() { return null; }
}
"""
OTHER_THING = "package android.home; public class Thing { public boolean getOwner() { return true; } }"
CALLER = """
package app;
public class Caller extends android.home.Lamp {
    public Caller(android.home.Thing thing) { super(thing, 1f); }
    public Object call() {
        setDim(new int[] {1});
        long fine = getAge() + getSerial(1L).hashCode();
        return fine + light() > 0 && new android.home.Thing().getOwner() ? all() : helper();
    }
    Object helper() { return null; }
}
"""


def test_reference_to_what_a_phone_does_not_have_is_found(api: Api, tmp_path: Path) -> None:
    for name, text in {"Lamp": OTHER_LAMP, "Thing": OTHER_THING, "Caller": CALLER}.items():
        (tmp_path / f"{name}.java").write_text(text)
    sources = [str(path) for path in tmp_path.glob("*.java")]
    subprocess.run(["javac", "--release", "8", "-Xlint:-options", "-d", str(tmp_path), *sources], check=True)
    classes = {found.name: found for found in read_classes(tmp_path / "app")}
    assert list(classes) == ["app/Caller"]
    wrong = [line for line in Checker(api, classes, {"setDim": 31}).wrong() if "java.lang" not in line.partition(" ")[2]]
    assert wrong == [
        "app.Caller: android.home.Lamp.<init>(Landroid/home/Thing;F)V is of API 29",
        "app.Caller: android.home.Thing.<init>()V is not in the API",
        "app.Caller: android.home.Thing.getOwner()Z is not in the API",
        "app.Caller: app.Caller.light()F is not in the API",
    ]
    assert any("setDim" in line for line in Checker(api, classes, {}).wrong())
