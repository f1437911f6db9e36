"""`python -m servers.mesh.cli`, as which the demo starts servers."""

from servers.mesh.cli import main

if __name__ == "__main__":
    main()
