"""A small Django app for the tests of `samovar.contrib.django`."""
