<?php

// Resolve one link. Set LINKSKIPPER_API_KEY and LINKSKIPPER_BASE_URL first.

declare(strict_types=1);

require 'vendor/autoload.php';

$client = new LinkSkipper\Sdk\LinkSkipper();
$link = $client->resolveAndWait('https://redirect.lab.test/301');
echo $link->targetUrl, "\n";
