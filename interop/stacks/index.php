<?php
declare(strict_types=1);
// @here cors

if (($_SERVER['HTTP_AUTHORIZATION'] ?? '') !== 'Basic YWRhOnNlY3JldA==') { // @only login
    http_response_code(401); // @only login
    header('WWW-Authenticate: Basic'); // @only login
    exit('who are you?'); // @only login
} // @only login
// @here after-login

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if ($path === '/crash') {
    throw new RuntimeException('crash');
}
if ($path !== '/users/7') {
    http_response_code(404);
    exit('no such page');
}
if (!in_array($_SERVER['REQUEST_METHOD'], ['GET', 'HEAD', 'PUT', 'DELETE'], true)) {
    http_response_code(405);
    exit('no such method');
}
header('Content-Type: application/json');
echo '{"id":7}';
