"""The world of wan-tiny in words: what a clip may show, and how each language says it.

A *caption* names a colour, a shape and a direction of motion. Every language has three
phrasings; the first is the canonical one that documentation and demos use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Colour = Literal["red", "green", "blue", "yellow"]
Shape = Literal["circle", "square", "triangle"]
Direction = Literal["left", "right", "up", "down"]
Language = Literal["en", "zh", "ja"]

COLOURS: tuple[Colour, ...] = get_args(Colour)
SHAPES: tuple[Shape, ...] = get_args(Shape)
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
LANGUAGES: tuple[Language, ...] = get_args(Language)

_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        **{word: word for word in (*COLOURS, *SHAPES, *DIRECTIONS)},
    },
    "zh": {
        "red": "红色",
        "green": "绿色",
        "blue": "蓝色",
        "yellow": "黄色",
        "circle": "圆形",
        "square": "正方形",
        "triangle": "三角形",
        "left": "左",
        "right": "右",
        "up": "上",
        "down": "下",
    },
    "ja": {
        "red": "赤い",
        "green": "緑の",
        "blue": "青い",
        "yellow": "黄色い",
        "circle": "円",
        "square": "四角形",
        "triangle": "三角形",
        "left": "左",
        "right": "右",
        "up": "上",
        "down": "下",
    },
}

_PHRASINGS: dict[Language, tuple[str, ...]] = {
    "en": (
        "a {colour} {shape} moves {direction}",
        "a {colour} {shape} moving {direction}",
        "the {colour} {shape} is moving {direction}",
    ),
    "zh": (
        "{colour}{shape}向{direction}移动",
        "一个{colour}的{shape}向{direction}移动",
        "{colour}{shape}正在往{direction}移动",
    ),
    "ja": (
        "{colour}{shape}が{direction}に動く",
        "{colour}{shape}が{direction}へ動く",
        "{colour}{shape}が{direction}に移動する",
    ),
}

PHRASINGS = len(_PHRASINGS["en"])


@dataclass(frozen=True)
class Scene:
    """What one clip shows."""

    colour: Colour
    shape: Shape
    direction: Direction

    @property
    def labels(self) -> tuple[int, int, int]:
        """Class indices in the order colour, shape, direction."""
        return (
            COLOURS.index(self.colour),
            SHAPES.index(self.shape),
            DIRECTIONS.index(self.direction),
        )


SCENES: tuple[Scene, ...] = tuple(
    Scene(colour, shape, direction) for colour in COLOURS for shape in SHAPES for direction in DIRECTIONS
)


def caption(scene: Scene, language: Language, phrasing: int = 0) -> str:
    """Say a scene in a language; ``phrasing`` 0 is the canonical wording."""
    words = _WORDS[language]
    return _PHRASINGS[language][phrasing].format(
        colour=words[scene.colour],
        shape=words[scene.shape],
        direction=words[scene.direction],
    )


def all_captions() -> list[tuple[Scene, Language, int, str]]:
    """Every scene in every language and phrasing, in a fixed order (432 rows)."""
    return [
        (scene, language, phrasing, caption(scene, language, phrasing))
        for language in LANGUAGES
        for phrasing in range(PHRASINGS)
        for scene in SCENES
    ]
