"""The command line, `nectary`: for those who run the mesh, look into it and try it out.

    verbs/      one module a noun: what each command takes and does
    drawing/    a timeline as bars and tables in a terminal
    replay/     a file of purchases, sent through a mesh and compared with an oracle
    demo/       the story that `nectary demo` tells

`nectary --help` must answer at once: modules here import gRPC, SQLAlchemy and rich only when a verb runs.
"""


def main() -> None:
    """The entry point `nectary`."""
    from servers.mesh.cli.app import make_app

    make_app()()
