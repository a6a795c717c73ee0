"""The views of a server of users on Django."""
from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_http_methods


class Login:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.headers.get("Authorization") != "Basic YWRhOnNlY3JldA==":
            response = HttpResponse("who are you?", status=401)
            response["WWW-Authenticate"] = "Basic"
            return response
        return self.get_response(request)


@require_http_methods(["GET", "PUT", "DELETE"])
def user(request):
    return JsonResponse({"id": 7})


def crash(request):
    raise RuntimeError("crash")


urlpatterns = [path("users/7", user), path("crash", crash)]
