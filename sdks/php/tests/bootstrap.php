<?php

declare(strict_types=1);

// The autoloader that composer.json describes: no vendor folder is needed to test this package.
spl_autoload_register(static function (string $class): void {
    $folders = ['LinkSkipper\\Sdk\\Tests\\' => __DIR__, 'LinkSkipper\\Sdk\\' => dirname(__DIR__) . '/src'];
    foreach ($folders as $prefix => $folder) {
        if (str_starts_with($class, $prefix)) {
            $file = $folder . '/' . strtr(substr($class, strlen($prefix)), '\\', '/') . '.php';
            if (is_file($file)) {
                require $file;
            }

            return;
        }
    }
});
