<?php

// Resolve the links of a CSV file: php many_from_csv.php links.csv resolved.csv
//
// The first column holds the links. The result has the columns url, target_url and error. A second run of the same file
// starts and pays nothing twice, because the file's name is the name of the batch.

declare(strict_types=1);

require 'vendor/autoload.php';

/** Yield the links of a CSV file, without its header. */
function readLinks(string $path): Generator
{
    $file = new SplFileObject($path);
    $file->setFlags(SplFileObject::READ_CSV | SplFileObject::SKIP_EMPTY | SplFileObject::READ_AHEAD);
    $file->setCsvControl(escape: '');
    foreach ($file as $row) {
        if (str_contains($row[0] ?? '', '://')) {
            yield preg_replace('/^\x{FEFF}/u', '', $row[0]);
        }
    }
}

[, $source, $target] = $argv;
$client = new LinkSkipper\Sdk\LinkSkipper();
$total = iterator_count(readLinks($source));
$batch = substr(pathinfo($source, PATHINFO_FILENAME), 0, 63);
$rows = [];
foreach ($client->resolveMany(readLinks($source), batch: $batch) as $outcome) {
    $rows[$outcome->index] = [$outcome->url, $outcome->link?->targetUrl, $outcome->error?->getMessage()];
    fprintf(STDERR, "\r[%-40s] %d of %d", str_repeat('=', intdiv(40 * count($rows), $total)), count($rows), $total);
}
fwrite(STDERR, "\n");
ksort($rows);
$file = fopen($target, 'w');
foreach ([['url', 'target_url', 'error'], ...$rows] as $row) {
    fputcsv($file, $row, escape: '');
}
