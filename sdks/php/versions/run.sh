#!/usr/bin/env bash
# Loads every file and runs the tests that need no network on PHP 8.2 to 8.5.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p dist
bin=versions/node_modules/.bin
for version in 8.2 8.3 8.4 8.5; do
    run() { PHP=$version "$bin/node" "$bin/php-wasm-cli" -d include_path=/usr/share/php "$@"; }
    run -r 'echo "PHP ", PHP_VERSION, "\n";'
    for file in bench.php examples/*.php; do run -l "$file" >/dev/null; done
    for test in Conformance Secrets; do
        run /usr/bin/phpunit --colors=never --bootstrap "$PWD/versions/bootstrap.php" "tests/${test}Test.php" >dist/versions.log || true
        grep '^OK' dist/versions.log || { cat dist/versions.log; exit 1; }
    done
done
