"""browser.py - a page in a real Chromium, over its debugging pipe

Use: browser.py PAGE SCRIPT [WIDTH[:dark] ...]

Opens the file PAGE at each width (default 390, 820 and 1400 pixels) and prints
one JSON object a line: {"width", "dark", "errors", "requests", "result"}, where
result is what the JavaScript expression in the file SCRIPT gives in the page,
errors what the console complained of and requests the addresses asked for. With
SHOTS=DIR in the environment pictures are written to DIR/WIDTH[-dark].png.
"""
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile


class Browser:
    """Speaks NUL-ended JSON on the browser's descriptors 3 and 4."""

    def __init__(self, home):
        to_read, self.to = os.pipe()
        self.back, back_write = os.pipe()
        # numbers below 5 must be free for what the browser is given
        keep = [os.dup(fd) if fd < 5 else fd for fd in (to_read, back_write)]
        high = [fd if fd > 9 else self.move(fd) for fd in keep]

        def setup():
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        self.process = subprocess.Popen(
            [chromium, "--headless", "--no-sandbox", "--disable-gpu",
             "--disable-quic", "--no-first-run", "--hide-scrollbars",
             "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--disable-extensions", "--disable-breakpad",
             "--disable-dev-shm-usage", "--remote-debugging-pipe",
             "--user-data-dir=" + home, "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, close_fds=False, preexec_fn=setup)
        for fd in high:
            os.close(fd)
        self.serial = 0
        self.text = b""
        self.events = []

    @staticmethod
    def move(fd):
        import fcntl
        new = fcntl.fcntl(fd, fcntl.F_DUPFD, 10)
        os.close(fd)
        return new

    def read(self):
        while b"\0" not in self.text:
            more = os.read(self.back, 1 << 16)
            if not more:
                raise SystemExit("browser.py: the browser has gone")
            self.text += more
        line, self.text = self.text.split(b"\0", 1)
        return json.loads(line)

    def call(self, method, session=None, **params):
        self.serial += 1
        message = {"id": self.serial, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == message["id"]:
                if "error" in answer:
                    raise SystemExit("browser.py: %s: %s" % (
                        method, answer["error"]["message"]))
                return answer["result"]
            self.events.append(answer)

    def wait(self, method):
        while True:
            for event in self.events:
                if event.get("method") == method:
                    return
            self.events.append(self.read())

    def close(self):
        self.call("Browser.close")
        self.process.wait(timeout=10)


def look(browser, page, script, width, dark):
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    session = browser.call(
        "Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def call(method, **params):
        return browser.call(method, session, **params)

    for domain in ("Page", "Runtime", "Log", "Network"):
        call(domain + ".enable")
    call("Emulation.setDeviceMetricsOverride", width=width, height=900,
         deviceScaleFactor=1, mobile=width < 600)
    call("Emulation.setEmulatedMedia", features=[
        {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
    browser.events.clear()
    call("Page.navigate", url="file://" + os.path.abspath(page))
    browser.wait("Page.loadEventFired")
    answer = call("Runtime.evaluate", expression=script, returnByValue=True,
                  awaitPromise=True)
    if "exceptionDetails" in answer:
        raise SystemExit("browser.py: " + answer["exceptionDetails"].get(
            "exception", {}).get("description", "the script failed"))
    errors, requests = [], []
    for event in browser.events:
        method, params = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            errors.append(params["exceptionDetails"]["text"])
        elif method == "Log.entryAdded":
            errors.append(params["entry"]["text"])
        elif method == "Runtime.consoleAPICalled":
            errors.append(params["type"])
        elif method == "Network.requestWillBeSent":
            requests.append(params["request"]["url"])
    if os.environ.get("SHOTS"):
        size = call("Page.getLayoutMetrics")["cssContentSize"]
        shot = call("Page.captureScreenshot", captureBeyondViewport=True,
                    clip={"x": 0, "y": 0, "width": width,
                          "height": min(size["height"], 6000), "scale": 1})
        name = "%d%s.png" % (width, "-dark" if dark else "")
        with open(os.path.join(os.environ["SHOTS"], name), "wb") as f:
            f.write(base64.b64decode(shot["data"]))
    browser.call("Target.closeTarget", targetId=target)
    return {"width": width, "dark": dark, "errors": errors,
            "requests": requests, "result": answer["result"].get("value")}


def main():
    page, script = sys.argv[1], open(sys.argv[2]).read()
    widths = sys.argv[3:] or ["390", "820", "1400"]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        browser = Browser(home)
        try:
            for word in widths:
                width, _, dark = word.partition(":")
                print(json.dumps(look(
                    browser, page, script, int(width), dark == "dark")))
            browser.close()
        finally:
            if browser.process.poll() is None:
                browser.process.kill()
                browser.process.wait()


main()
