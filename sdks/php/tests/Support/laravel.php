<?php

// The few classes of Laravel that the example of a controller uses, as they are from the outside.

declare(strict_types=1);

namespace Illuminate\Http {
    final class Request
    {
        public readonly \ArrayIterator $headers;

        public function __construct()
        {
            // Symfony's HeaderBag iterates over names in lower case and lists of values.
            $this->headers = new \ArrayIterator(array_map(static fn (string $value) => [$value], array_change_key_case(getallheaders())));
        }

        public function getContent(): string
        {
            return (string) file_get_contents('php://input');
        }
    }

    final class Response
    {
        public function __construct(string $content, int $status)
        {
            http_response_code($status);
            echo $content;
        }
    }
}

namespace Illuminate\Support\Facades {
    final class Cache
    {
        public static function add(string $key, mixed $value, mixed $until): bool
        {
            return @fopen(sys_get_temp_dir() . "/{$key}", 'x') !== false;
        }
    }
}

namespace App\Http\Controllers {
    function now(): object
    {
        return new class {
            public function addWeek(): int
            {
                return 604800;
            }
        };
    }

    function logger(): object
    {
        return new class {
            public function info(string $message): void
            {
                error_log($message);
            }
        };
    }

    require 'vendor/autoload.php';
    require 'WebhookController.php';
    (new WebhookController())(new \Illuminate\Http\Request());
}
