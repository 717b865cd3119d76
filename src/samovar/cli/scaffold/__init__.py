"""What `samovar generate` writes: names and fields, where files go, and their text."""
