"""What docker-compose.yml promises, as functions from the parsed file to a list of problems. The tests feed them bad files too."""
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
PUBLISHES = "proxy"
# Services that need rights beyond none, and which.
CAPABILITIES = {"postgres": {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}}
SECRET_WORDS = ("password", "secret", "key", "token", "dsn")


def published_problems(compose):
    services = compose["services"]
    problems = [f"{name} publishes a port" for name, s in services.items() if s.get("ports") and name != PUBLISHES]
    if len(services.get(PUBLISHES, {}).get("ports", [])) != 1:
        problems.append(f"{PUBLISHES} must publish one port")
    problems += [f"{name} shares the host's network" for name, s in services.items() if "network_mode" in s]
    return problems


def network_problems(compose):
    """Only the proxy's own network leads out; nobody but the proxy is on it; the database is where the proxy is not."""
    problems = []
    on = {name: set(s.get("networks", ["default"])) for name, s in compose["services"].items()}
    for network, settings in compose["networks"].items():
        if not (settings or {}).get("internal") and any(network in nets for name, nets in on.items() if name != PUBLISHES):
            problems.append(f"network {network} leads out and is not the proxy's alone")
    problems += [f"{name} is on a network that is not declared" for name, nets in on.items() if nets - set(compose["networks"])]
    if on.get(PUBLISHES, set()) & on.get("postgres", set()):
        problems.append("the proxy reaches the database")
    return problems


def secret_problems(compose):
    problems = [f"secret {name} is not a file" for name, s in compose.get("secrets", {}).items() if set(s) - {"name"} != {"file"}]
    declared = set(compose.get("secrets", {}))
    used = set()
    for name, service in compose["services"].items():
        mine = {s if isinstance(s, str) else s["source"] for s in service.get("secrets", [])}
        used |= mine
        problems += [f"{name} uses secret {s}, which is not declared" for s in sorted(mine - declared)]
        environment = service.get("environment", {})
        pairs = environment.items() if isinstance(environment, dict) else (e.partition("=")[::2] for e in environment)
        for key, value in pairs:
            if any(word in key.lower() for word in SECRET_WORDS) and not str(value).startswith(("/run/secrets/", "/keys/")):
                problems.append(f"{name}: {key} holds a secret, not the path of one")
    return problems + [f"secret {s} is used by nobody" for s in sorted(declared - used)]


def image_problems(compose):
    problems = []
    for name, service in compose["services"].items():
        tag = service.get("image", "").rpartition("/")[2].partition(":")[2]
        if tag in ("", "latest"):
            problems.append(f"{name}: image '{service.get('image', '')}' has no fixed tag")
    return problems


def hardening_problems(compose):
    problems = []
    for name, service in compose["services"].items():
        if not service.get("read_only"):
            problems.append(f"{name}: its root can be written")
        if service.get("cap_drop") != ["ALL"] or set(service.get("cap_add", [])) != CAPABILITIES.get(name, set()):
            problems.append(f"{name}: its capabilities are not the least")
        if "no-new-privileges:true" not in service.get("security_opt", []):
            problems.append(f"{name}: no no-new-privileges")
        problems += [f"{name}: no {limit}" for limit in ("mem_limit", "cpus", "pids_limit", "restart") if limit not in service]
        problems += [f"{name} is privileged" for word in ("privileged", "pid", "ipc", "devices") if service.get(word)]
    return problems


def source_problems(compose, root=ROOT):
    """Host paths that containers mount must exist in a clone, or be made by init.sh."""
    made = (root / "deploy/compose/secrets", root / "deploy/compose/keys")
    problems = []
    for name, service in compose["services"].items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0] if isinstance(volume, str) and ":" in volume else ""
            if source.startswith((".", "/")) and not (root / source).exists() and root / source not in made:
                problems.append(f"{name} mounts {source}, which does not exist")
    return problems


ALL = (published_problems, network_problems, secret_problems, image_problems, hardening_problems, source_problems)


def problems_of(compose):
    return [problem for rule in ALL for problem in rule(compose)]
