"""The project's own Python files, read as syntax trees: nothing here imports what it judges."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Import:
    """One imported name: `from domain.identity import timeline` imports `domain.identity.timeline`."""

    name: str
    line: int
    relative: bool


@dataclass(frozen=True)
class Source:
    """One module, named from the source root: `servers.mesh.wiring`."""

    module: str
    path: Path
    tree: ast.Module
    lines: int

    def __str__(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    def imports(self) -> Iterator[Import]:
        """Every import, those inside functions too, with relative ones resolved."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (Import(alias.name, node.lineno, relative=False) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node)
                for alias in node.names:
                    yield Import(f"{base}.{alias.name}", node.lineno, relative=node.level > 0)

    def _base(self, node: ast.ImportFrom) -> str:
        if node.level == 0:
            return node.module or ""
        package = self.module.split(".")
        # `from . import x` in a package's __init__ means the package itself, in a module its parent.
        climb = node.level - (self.path.name == "__init__.py")
        parents = package[: len(package) - climb]
        return ".".join([*parents, *([node.module] if node.module else [])])


@cache
def sources(folder: str) -> tuple[Source, ...]:
    """All modules of a top-level folder, generated ones excepted."""
    paths = sorted((ROOT / folder).rglob("*.py"))
    return tuple(_source(path) for path in paths if "generated" not in path.parts)


def _source(path: Path) -> Source:
    text = path.read_text()
    parts = path.relative_to(ROOT).with_suffix("").parts
    module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Source(module, path, ast.parse(text, filename=str(path)), len(text.splitlines()))
