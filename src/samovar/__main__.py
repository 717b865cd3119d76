"""python -m samovar"""

from samovar.cli.main import main

if __name__ == "__main__":
    main()
