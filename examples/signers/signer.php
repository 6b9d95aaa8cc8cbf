<?php
// Assumes the role at STS, signs a form with what it gets, and posts a file with it. Nothing but PHP (8) is needed:
// php signer.php. The settings are variables, as oss-localcloud prints them.
declare(strict_types=1);

function post(string $url, array $headers, string $body): array
{
    $lines = array_map(fn ($name, $value) => "$name: $value", array_keys($headers), $headers);
    $options = ["method" => "POST", "header" => $lines, "content" => $body, "ignore_errors" => true];
    $answer = file_get_contents($url, false, stream_context_create(["http" => $options]));
    return [explode(" ", $http_response_header[0])[1], $answer];
}

function assume_role(): array
{
    // Sorted by name, as the canonical request wants them.
    $query = http_build_query([
        "DurationSeconds" => 900,
        "RoleArn" => getenv("OSS_STS_ROLE_ARN"),
        "RoleSessionName" => "signer",
    ], "", "&", PHP_QUERY_RFC3986);
    $headers = [
        "host" => parse_url(getenv("STS_ENDPOINT"), PHP_URL_HOST) . ":" . parse_url(getenv("STS_ENDPOINT"), PHP_URL_PORT),
        "x-acs-action" => "AssumeRole",
        "x-acs-content-sha256" => hash("sha256", ""),
        "x-acs-date" => gmdate("Y-m-d\TH:i:s\Z"),
        "x-acs-signature-nonce" => bin2hex(random_bytes(16)),
        "x-acs-version" => "2015-04-01",
    ];
    $lines = implode("", array_map(fn ($name, $value) => "$name:$value\n", array_keys($headers), $headers));
    $names = implode(";", array_keys($headers));
    $canonical = implode("\n", ["POST", "/", $query, $lines, $names, hash("sha256", "")]);
    $text = "ACS3-HMAC-SHA256\n" . hash("sha256", $canonical);
    $signature = hash_hmac("sha256", $text, getenv("OSS_ACCESS_KEY_SECRET"));
    $headers["authorization"] = "ACS3-HMAC-SHA256 Credential=" . getenv("OSS_ACCESS_KEY_ID")
        . ",SignedHeaders=$names,Signature=$signature";
    [, $answer] = post(getenv("STS_ENDPOINT") . "/?$query", $headers, "");
    return json_decode($answer, true)["Credentials"];
}

function sign_form(string $key, array $credentials): array
{
    $date = gmdate("Ymd\THis\Z");
    $scope = [substr($date, 0, 8), getenv("OSS_REGION"), "oss", "aliyun_v4_request"];
    $fields = [
        "key" => $key,
        "x-oss-signature-version" => "OSS4-HMAC-SHA256",
        "x-oss-credential" => implode("/", [$credentials["AccessKeyId"], ...$scope]),
        "x-oss-date" => $date,
        "x-oss-security-token" => $credentials["SecurityToken"],
    ];
    $conditions = [["bucket" => getenv("OSS_BUCKET")], ["content-length-range", 1, 100]];
    foreach ($fields as $name => $value) {
        $conditions[] = [$name => $value];
    }
    $document = ["expiration" => gmdate("Y-m-d\TH:i:s.000\Z", time() + 600), "conditions" => $conditions];
    $policy = base64_encode(json_encode($document, JSON_UNESCAPED_SLASHES));
    $signing_key = "aliyun_v4" . $credentials["AccessKeySecret"];
    foreach ($scope as $part) {
        $signing_key = hash_hmac("sha256", $part, $signing_key, true);
    }
    return [...$fields, "policy" => $policy, "x-oss-signature" => hash_hmac("sha256", $policy, $signing_key)];
}

$boundary = bin2hex(random_bytes(16));
$body = "";
foreach (sign_form("uploads/hello.txt", assume_role()) as $name => $value) {
    $body .= "--$boundary\r\nContent-Disposition: form-data; name=\"$name\"\r\n\r\n$value\r\n";
}
$body .= "--$boundary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"hello.txt\"\r\n"
    . "Content-Type: text/plain\r\n\r\nhello\r\n--$boundary--\r\n";
[$status, $answer] = post(getenv("OSS_ENDPOINT"), ["Content-Type" => "multipart/form-data; boundary=$boundary"], $body);
echo "$status $answer\n";
