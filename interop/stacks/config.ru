# A server of users on Rack.
# @here cors
use Rack::Auth::Basic do |name, password| name == "ada" && password == "secret" end # @only login
# @here after-login
run(lambda do |env|
  case [env["REQUEST_METHOD"], env["PATH_INFO"]]
  when ["GET", "/users/7"], ["PUT", "/users/7"], ["DELETE", "/users/7"]
    [200, { "Content-Type" => "application/json" }, ['{"id":7}']]
  when ["GET", "/crash"]
    [500, { "Content-Type" => "text/plain" }, ["crash"]]
  else
    status = env["PATH_INFO"] == "/users/7" ? 405 : 404
    [status, { "Content-Type" => "text/plain" }, ["no"]]
  end
end)
