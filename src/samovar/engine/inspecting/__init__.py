"""How people look at a log: the inspector that reads its topics. Read `inspector` first."""
