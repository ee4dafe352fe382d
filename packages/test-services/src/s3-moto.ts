import { run } from "./run.ts";
import { startServer, type TestServer } from "./server.ts";
import { unpackOnce } from "./unpack-once.ts";

const VERSION = "5.2.5";
/** Of `moto[server]` what S3 needs: the whole of it is 290 MB. */
const PACKAGES = [
  `moto[s3]==${VERSION}`,
  "flask==3.1.3",
  "flask-cors==6.0.5",
  "werkzeug==3.1.9",
] as const;

/** Its threads share what they hold without a lock: of two requests for one key, one may get lost. So they come one at a time. */
const PROGRAM = `
import sys, threading
import moto.server as server

serve, lock = server.run_simple, threading.Lock()

def one_at_a_time(app):
    def answer(environ, start_response):
        with lock:
            return app(environ, start_response)
    return answer

server.run_simple = lambda host, port, app, **more: serve(host, port, one_at_a_time(app), **more)
server.main(["-H", "127.0.0.1", "-p", sys.argv[1]])
`;

/** moto's S3 for one test: conditions, parts, object versions; signatures are not checked. It holds all in memory. */
export async function startMoto(): Promise<TestServer> {
  const { python, folder } = installMoto();
  return await startServer("moto", {
    prepare: [],
    command: [python, "-s", "-c", PROGRAM, "{port}"],
    env: { PYTHONPATH: folder },
    readyLine: "Running on",
    url: "http://adk:adk-secret@127.0.0.1:{port}",
    endsWithKill: true,
    onDisk: false,
    lingerMs: 0,
  });
}

/** Some of the packages are made for one Python: another one gets a folder of its own. */
function installMoto(): { python: string; folder: string } {
  try {
    const ask = "import sys; print(sys.executable, sys.implementation.cache_tag, sep='\\n')";
    const [python = "", tag = ""] = run("python3", ["-c", ask]).split("\n");
    const folder = unpackOnce(`moto-${VERSION}-${tag}`, (own) => {
      const flags = ["--quiet", "--disable-pip-version-check", "--only-binary=:all:"];
      run(python, ["-m", "pip", "install", ...flags, "--target", own, ...PACKAGES]);
    });
    return { python, folder };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `moto ${VERSION} could not be fetched (${reason}). Let \`python3 -m pip install ${PACKAGES.join(" ")}\` work.`,
      { cause: error },
    );
  }
}
