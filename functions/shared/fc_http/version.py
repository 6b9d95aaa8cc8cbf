"""The version of this project, in the one place that everything else reads or is compared with."""

VERSION = "0.1.0"
