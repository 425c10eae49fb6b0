<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Tests\Support;

/** A project of its own that has installed the built package with Composer. */
final class Consumer
{
    private static ?self $shared = null;

    /** @param array<string, string> $environment */
    private function __construct(public readonly string $folder, private readonly array $environment)
    {
    }

    /** Build the package and install it, once. */
    public static function get(): self
    {
        if (self::$shared === null) {
            $folder = sys_get_temp_dir() . '/linkskipper-' . bin2hex(random_bytes(6));
            mkdir("{$folder}/dist", recursive: true);
            register_shutdown_function(static fn () => self::execute(['rm', '-r', $folder], '/', []));
            self::$shared = new self($folder, []);
            self::$shared->install();
        }

        return self::$shared;
    }

    /** @param array<string, string> $environment */
    public function with(array $environment): self
    {
        return new self($this->folder, $environment);
    }

    /** @return list<string> */
    public function packagedFiles(): array
    {
        $archive = new \ZipArchive();
        $archive->open((string) glob("{$this->folder}/dist/*.zip")[0]);
        $names = array_map($archive->getNameIndex(...), range(0, $archive->numFiles - 1));

        return array_values(array_filter($names, static fn (string $name) => !str_ends_with($name, '/')));
    }

    /** Run a program with all messages as errors, and return what it prints. */
    public function run(string $code, string ...$arguments): string
    {
        file_put_contents("{$this->folder}/program.php", $code);
        $strict = ['-d', 'error_reporting=-1', '-d', 'display_errors=stdout', '-d', 'zend.assertions=1'];

        return self::execute([PHP_BINARY, ...$strict, 'program.php', ...$arguments], $this->folder, $this->environment);
    }

    /** Serve requests with a program, as PHP's own web server does. */
    public function serve(string $code): Receiver
    {
        file_put_contents("{$this->folder}/receiver.php", $code);

        return new Receiver($this->folder, $this->environment);
    }

    private function install(): void
    {
        self::execute(['make', 'build', "DIST={$this->folder}/dist"], dirname(__DIR__, 2), []);
        $project = [
            'repositories' => [['type' => 'artifact', 'url' => 'dist'], ['packagist' => false]],
            'require' => ['linkskipper-sdk/linkskipper-sdk' => '*'],
        ];
        file_put_contents("{$this->folder}/composer.json", Cases::encode($project));
        self::execute(['composer', '--no-interaction', '--quiet', 'install'], $this->folder, []);
    }

    /** @param list<string> $command */
    private static function execute(array $command, string $folder, array $environment): string
    {
        $environment += ['COMPOSER_ALLOW_SUPERUSER' => '1', 'COMPOSER_HOME' => sys_get_temp_dir() . '/composer', ...getenv()];
        $log = tmpfile();
        $process = proc_open($command, [1 => ['pipe', 'w'], 2 => $log], $pipes, $folder, $environment);
        $output = (string) stream_get_contents($pipes[1]);
        if (proc_close($process) !== 0) {
            rewind($log);
            throw new \RuntimeException(implode(' ', $command) . " failed:\n{$output}\n" . stream_get_contents($log));
        }

        return $output;
    }
}
