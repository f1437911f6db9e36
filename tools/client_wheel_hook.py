"""What hatchling runs when it builds the wheel of `clients/pyproject.toml`."""

from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ClientPackage(BuildHookInterface[BuilderConfig]):
    """Puts `clients/` into the wheel as `nectary_client`: hatchling renames folders, but not its own root."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        for path in (*root.rglob("*.py"), root / "py.typed"):
            build_data["force_include"][str(path)] = f"nectary_client/{path.relative_to(root).as_posix()}"
