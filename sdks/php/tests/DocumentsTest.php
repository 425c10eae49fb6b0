<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Tests;

use LinkSkipper\Sdk\Config;
use LinkSkipper\Sdk\Tests\Support\Consumer;
use LinkSkipper\Sdk\Tests\Support\Tenant;
use LinkSkipper\Sdk\Webhook;
use PHPUnit\Framework\TestCase;

/** The package installs with Composer, and the README, the guide and the examples run as they stand with it. */
final class DocumentsTest extends TestCase
{
    private const PROJECT = __DIR__ . '/..';
    private const SECRET = 'whsec_8tWfKx0LqZc3vBn5RmYd7sJhGpE2uXiA';
    private const EVENT = '{"event":"resolve.done","job_id":"019bb7a4-5a00-7c3e-9d41-3f1c6f0d2b8e","status":"done"}';

    /** The built package has the classes, and neither tests nor examples. */
    public function testWhatIsInThePackage(): void
    {
        $files = Consumer::get()->packagedFiles();
        $expected = ['CHANGELOG.md', 'LICENSE', 'README.md', 'composer.json', 'src/LinkSkipper.php'];
        $this->assertSame($expected, array_values(array_intersect($expected, $files)));
        $others = preg_grep('~^(src/.*\.php|CHANGELOG\.md|LICENSE|README\.md|composer\.json)$~D', $files, PREG_GREP_INVERT);
        $this->assertSame([], array_values($others));
    }

    /** All PHP of the README runs from its first line to its last, and prints what it says. */
    public function testTheReadme(): void
    {
        $blocks = $this->blocks(self::PROJECT . '/README.md');
        $this->assertCount(7, $blocks);
        $hook = array_pop($blocks);
        $output = $this->consumer()->run("<?php\n" . implode("\n", $blocks));
        $this->assertStringStartsWith("https://example.com/status/301\n", $output);
        $this->assertSame(100, substr_count($output, ' leads to https://example.com/landing/'));
        $this->assertStringContainsString("resolve_failed captcha_required\n", $output);
        $this->assertStringContainsString("The user went away.\n", $output);
        $this->checkReceiver("<?php\nrequire 'vendor/autoload.php';\n{$hook}", 200);
    }

    /** All PHP of the guide runs from its first line to its last. */
    public function testTheGuide(): void
    {
        $blocks = $this->blocks(self::PROJECT . '/../../docs/guides/sdk-php.md');
        $output = $this->consumer()->run("<?php\n" . implode("\n", $blocks));
        $this->assertSame("https://example.com/slow/guide-php 1\n", $output);
    }

    public function testTheLinksOfTheReadme(): void
    {
        preg_match_all('~\]\((?!https?://)([^)#]+)~', (string) file_get_contents(self::PROJECT . '/README.md'), $links);
        $this->assertNotEmpty($links[1]);
        foreach ($links[1] as $link) {
            $this->assertFileExists(self::PROJECT . "/{$link}");
        }
    }

    public function testFirstLink(): void
    {
        $this->assertSame("https://example.com/status/301\n", $this->consumer()->run($this->example('first_link')));
    }

    /** The example writes a row per link, in the order of the file, and pays nothing for a second run. */
    public function testManyFromCsv(): void
    {
        $tenant = Tenant::get();
        $folder = Consumer::get()->folder;
        $links = array_map(static fn (int $number) => $tenant->link('fast', name: "php-csv-{$number}"), range(0, 19));
        $links[] = $tenant->link('unsupported');
        $rows = implode('', array_map(static fn (string $link) => "{$link},x\n", $links));
        file_put_contents("{$folder}/{$tenant->facts['token']}.csv", "url,note\n{$rows}");
        for ($run = 0; $run < 2; $run++) {
            $arguments = ["{$tenant->facts['token']}.csv", 'resolved.csv'];
            $this->consumer()->run($this->example('many_from_csv'), ...$arguments);
            [$header, $first, $second] = $written = array_map(str_getcsv(...), file("{$folder}/resolved.csv"));
            $this->assertSame(['url', 'target_url', 'error'], $header);
            $this->assertSame($links, array_column(array_slice($written, 1), 0));
            $this->assertSame($tenant->link('fast_target', name: 'php-csv-1'), $second[1]);
            $this->assertStringContainsString('unsupported_link', end($written)[2]);
        }
    }

    /** The receiver takes a signed event, once, and refuses a wrong one. */
    public function testReceiver(): void
    {
        $log = $this->checkReceiver($this->example('receiver'), 204);
        $this->assertSame(1, substr_count($log, 'Job 019bb7a4-5a00-7c3e-9d41-3f1c6f0d2b8e'));
    }

    /** The controller for Laravel takes a signed event, once, and refuses a wrong one. */
    public function testLaravelController(): void
    {
        $stand = (string) file_get_contents(__DIR__ . '/Support/laravel.php');
        file_put_contents(Consumer::get()->folder . '/WebhookController.php', $this->example('WebhookController'));
        $log = $this->checkReceiver($stand, 204);
        $this->assertSame(1, substr_count($log, 'Job 019bb7a4-5a00-7c3e-9d41-3f1c6f0d2b8e'));
    }

    /** A program for the official client runs with nothing but its imports changed. */
    public function testAProgramForTheOfficialClient(): void
    {
        $program = (string) file_get_contents(__DIR__ . '/Support/official.php');
        $this->assertStringContainsString('use LinkSkipper\Config;', $program);
        $output = $this->consumer()->run(str_replace('use LinkSkipper\\', 'use LinkSkipper\Sdk\\', $program));
        $lines = explode("\n", trim($output));
        $this->assertSame('https://example.com/status/301 lab standard', preg_replace('/ lab-?\S* /', ' lab ', $lines[0]));
        $this->assertSame(['queued', 'done'], [$lines[1], $lines[2]]);
        $this->assertSame('resolve_failed', $lines[3]);
        $this->assertSame('422 unsupported_link', $lines[4]);
        $this->assertSame('timed out', $lines[5]);
        $this->assertSame('resolve.done done', $lines[6]);
        $this->assertMatchesRegularExpression('/^balance: \d+, until: none, providers: [1-9]/', $lines[7]);
    }

    /** The version is that of sdks/VERSION, and the CHANGELOG has a section for it. */
    public function testOneVersion(): void
    {
        $version = trim((string) file_get_contents(self::PROJECT . '/../VERSION'));
        $composer = json_decode((string) file_get_contents(self::PROJECT . '/composer.json'), true);
        $this->assertSame([$version, $version], [Config::VERSION, $composer['version']]);
        $this->assertStringContainsString("## [{$version}]", (string) file_get_contents(self::PROJECT . '/CHANGELOG.md'));
    }

    private function consumer(): Consumer
    {
        $tenant = Tenant::get();

        return Consumer::get()->with([
            'LINKSKIPPER_API_KEY' => $tenant->key('normal'),
            'LINKSKIPPER_BASE_URL' => $tenant->baseUrl(),
            'LINKSKIPPER_WEBHOOK_SECRET' => self::SECRET,
        ]);
    }

    private function example(string $name): string
    {
        return (string) file_get_contents(self::PROJECT . "/examples/{$name}.php");
    }

    /** @return list<string> the PHP of a document */
    private function blocks(string $page): array
    {
        preg_match_all('/^```php\n(.*?)^```$/ms', (string) file_get_contents($page), $matches);

        return $matches[1];
    }

    /** Serve a receiver, send it events, and return its log. */
    private function checkReceiver(string $code, int $good): string
    {
        $server = $this->consumer()->serve($code);
        $headers = ['X-LinkSkipper-Signature: ' . Webhook::sign(self::EVENT, self::SECRET), 'webhook-id: ' . uniqid()];
        $this->assertSame($good, $server->post(self::EVENT, $headers));
        $this->assertSame($good, $server->post(self::EVENT, $headers));
        $this->assertSame(400, $server->post(self::EVENT . ' ', $headers));
        $this->assertSame(400, $server->post(self::EVENT, []));

        return $server->stop();
    }
}
