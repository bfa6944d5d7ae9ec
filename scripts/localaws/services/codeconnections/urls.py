"""Where moto's dispatcher finds the API: host names and paths come in, the response class goes out."""

from localaws.services.codeconnections.responses import CodeConnectionsResponse

url_bases = [r"https?://codeconnections\.(.+)\.amazonaws\.com"]
url_paths = {"{0}/$": CodeConnectionsResponse.dispatch}
