<?php

declare(strict_types=1);

// Debian's PHPUnit uses what later versions of PHP deprecate. In the files of this package every notice fails a test. PHPUnit keeps a
// handler that is set before it.
set_error_handler(static function (int $level, string $message, string $file, int $line): bool {
    if (!str_starts_with($file, dirname(__DIR__))) {
        return true;
    }
    throw new ErrorException($message, 0, $level, $file, $line);
});

require dirname(__DIR__) . '/tests/bootstrap.php';

foreach (new RecursiveIteratorIterator(new RecursiveDirectoryIterator(dirname(__DIR__) . '/src')) as $file) {
    if ($file->getExtension() === 'php') {
        require_once $file->getPathname();
    }
}
