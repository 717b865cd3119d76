"""`samovar.types`: argument types that Ruby has and Python has not."""

from samovar.job.classes import RubyConstant
from samovar.job.hashes import IndifferentDict, Symbol
from samovar.job.serializers.base import ObjectSerializer
from samovar.job.serializers.duration import Duration
from samovar.job.serializers.moments import RubyDateTime, Timestamp
from samovar.job.serializers.ranges import Range

__all__ = [
    "Duration",
    "IndifferentDict",
    "ObjectSerializer",
    "Range",
    "RubyConstant",
    "RubyDateTime",
    "Symbol",
    "Timestamp",
]
