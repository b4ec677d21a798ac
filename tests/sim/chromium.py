"""A headless Chromium, driven by the DevTools protocol over a pipe: JSON ended by a zero byte."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time

MOST_SECONDS_TO_OPEN = 120
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# Root needs --no-sandbox; what is opened is our own page.
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
           "--disable-extensions", "--no-first-run", "--hide-scrollbars", "--remote-debugging-pipe")


class Chromium:
    """One tab. `errors` has what scripts threw and what the console was told as an error."""

    def __init__(self, width=1400, height=1000):
        program = next(filter(None, map(shutil.which, PROGRAMS)), None)
        if program is None:
            raise FileNotFoundError("no Chromium: .dev/packages.sh base installs it")
        self.home = tempfile.TemporaryDirectory()
        to_read, self.to = os.pipe()
        self.answers, from_write = os.pipe()
        # The protocol is spoken on the descriptors 3 and 4.
        self.process = subprocess.Popen(
            ["sh", "-c", f'exec "$@" 3<&{to_read} 4>&{from_write}', "sh", program, *OPTIONS,
             f"--user-data-dir={self.home.name}", f"--window-size={width},{height}", "about:blank"],
            pass_fds=(to_read, from_write), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        os.close(to_read)
        os.close(from_write)
        self.rest = b""
        self.number = 0
        self.errors = []
        self.requested = []
        self.session = None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        # Of the processor, so that a busy machine makes no page slower.
        self.ask("Performance.enable", timeDomain="threadTicks")
        for domain in ("Runtime", "Log", "Page", "Network"):
            self.ask(f"{domain}.enable")

    def close(self):
        os.close(self.to)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.answers)
        shutil.rmtree(self.home.name, ignore_errors=True)
        self.home.cleanup()

    def ask(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.note(answer)

    def receive(self):
        while b"\0" not in self.rest:
            more = os.read(self.answers, 1 << 20)
            if not more:
                raise RuntimeError("Chromium ended")
            self.rest += more
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def note(self, event):
        what = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(what["exceptionDetails"]))
        elif event.get("method") == "Log.entryAdded" and what["entry"]["level"] == "error":
            self.errors.append(what["entry"]["text"])
        elif event.get("method") == "Network.requestWillBeSent":
            self.requested.append(what["request"]["url"])

    def open(self, path):
        """Returns once the page has drawn itself: how many seconds of the processor it took."""
        self.requested.clear()
        self.ask("Page.navigate", url=path.resolve().as_uri())
        give_up = time.monotonic() + MOST_SECONDS_TO_OPEN
        while time.monotonic() < give_up:
            ready = self.run("document.documentElement?.dataset.ready ?? null")
            if ready is not None:
                metrics = self.ask("Performance.getMetrics")["metrics"]
                return {each["name"]: each["value"] for each in metrics}["TaskDuration"]
            time.sleep(0.02)
        raise RuntimeError(f"{path} was not drawn: {self.errors}")

    def run(self, script):
        """The value of an expression in the page, once it has one."""
        result = self.ask("Runtime.evaluate", expression=script, awaitPromise=True,
                          returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def screenshot(self, path, dark=False):
        self.ask("Emulation.setEmulatedMedia",
                 features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.run(FRAME)
        picture = self.ask("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(picture["data"]))


# What was asked for is drawn with the next frame.
FRAME = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
