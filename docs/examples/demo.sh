#!/bin/sh
# What `make demo` runs: each command is printed before its output. Findings are the point here, so status 1 is fine.
set -eu

show() {
    printf '\n$ %s\n\n' "$*"
    "$@" || test $? -eq 1
}

show genspec --version
show genspec check docs/examples
show genspec explain docs/examples/heron-summary/generation_config.json --prompt-length 20
show genspec trace docs/examples/tern-chat --model table:7 --prompt 5,6 --steps 1
show genspec rule GS201
cat <<'END'

That was genspec on the model folders in docs/examples, written for this project with the faults that real ones have.
Next: docs/examples/README.md says what is wrong in each; README.md says how to use genspec on your own;
`.venv/bin/genspec check PATH` checks a model folder, or every one below a folder.
END
