"""What joins Samovar to other libraries: a package each, imported by who uses that library."""
