"""Settings: a name that is not known is refused, with the nearest that is; nothing is passed over in silence."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.core.settings import NOT_SETTINGS, PREFIX, BadSetting, Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
NAMES = [field.name for field in fields(Settings)]


def said(env: dict[str, str], file: Path | None = None) -> str:
    with pytest.raises(BadSetting) as told:
        load_settings(file, env)
    return told.value.problems[0].ja + told.value.problems[0].en


def test_defaults_then_the_file_then_the_variables(tmp_path: Path) -> None:
    file = tmp_path / "k.toml"
    file.write_text('port = 8501\nhost = "::1"\ndemo = true\n', "utf-8")
    read = load_settings(None, {"KAKEHASHI_CONFIG": str(file), "KAKEHASHI_PORT": "8502", "PATH": "/bin"})
    assert (read.port, read.host, read.demo, read.workers) == (8502, "::1", True, 1)


@pytest.mark.parametrize(("wrong", "right"), [
    ("KAKEHASHI_DATABSE_URL", "KAKEHASHI_DATABASE_URL"), ("KAKEHASHI_PROXY_SECERT", "KAKEHASHI_PROXY_SECRET"),
    ("KAKEHASHI_Port", "KAKEHASHI_PORT"), ("KAKEHASHI_LOGLEVEL", "KAKEHASHI_LOG_LEVEL"),
])  # fmt: skip
def test_a_misspelt_variable_is_refused_with_the_name_that_was_meant(wrong: str, right: str) -> None:
    text = said({wrong: "x"})
    assert wrong in text and right in text and "環境変数" in text


def test_a_misspelt_name_in_the_file_is_refused_with_the_file(tmp_path: Path) -> None:
    file = tmp_path / "k.toml"
    file.write_text("worker = 2\n[server]\nport = 1\n", "utf-8")
    text = said({}, file)
    assert "worker" in text and "workers" in text and "server" in text and str(file) in text


@given(st.sampled_from(NAMES), st.integers(0, 30), st.sampled_from("XQ_7"))
def test_no_misspelling_of_any_setting_is_passed_over(name: str, place: int, letter: str) -> None:
    place %= len(name)
    wrong = PREFIX + (name[:place] + letter + name[place + 1 :]).upper()
    known = {PREFIX + one.upper() for one in NAMES} | NOT_SETTINGS
    if wrong not in known:
        assert wrong in said({wrong: "1"})


@pytest.mark.parametrize(("name", "value"), [
    ("PORT", "eighty"), ("PORT", "0"), ("PORT", "70000"), ("WORKERS", "0"), ("DEMO", "maybe"), ("LOG_LEVEL", "verbose"),
    ("PROXY_SECRET", "hunter2"), ("METRICS_TOKEN", "hunter2"), ("PROXIES", "10.0.0.5,10.0.0.6"),
    ("PROXIES", "proxy.example"), ("KEY_NETWORKS", "10.0.0.0/33"), ("BASE_URL", "kakehashi.example"),
    ("BASE_URL", "https://"), ("DATABASE_URL", "mysql://x"), ("MAX_BODY_MB", "-1"),
    ("OPENID_MAX_AGE", "601"), ("OPENID_CLIENT_SECRET", "hunter2"), ("OPENID_ONLY", "true"),
    ("OPENID_FACTOR", "acr:2"), ("OPENID_ISSUER", "http://id.example.jp"), ("OPENID_ISSUER", "https://"),
    ("OPENID_ISSUER", "https://o:hunter2@id.example.jp"), ("OPENID_ISSUER", "https://id.example.jp?x=hunter2"),
    ("OWNER_DATABASE_URL", "postgresql://o:hunter2@db.example/k"),  # of what? database_url is not there
])  # fmt: skip
def test_a_value_that_cannot_be_meant_is_refused_by_name_and_not_repeated(name: str, value: str) -> None:
    text = said({PREFIX + name: value})
    assert name.lower() in text
    assert "hunter2" not in text


def test_an_external_database_has_one_login_or_two() -> None:
    server, owner = "postgresql://kakehashi_app@db.example/k", "postgresql://kakehashi@db.example/k"
    one = load_settings(env={PREFIX + "DATABASE_URL": owner})
    both = load_settings(env={PREFIX + "DATABASE_URL": server, PREFIX + "OWNER_DATABASE_URL": owner})
    assert (one.database_url, one.owner_database_url) == (owner, "")
    assert (both.database_url, both.owner_database_url) == (server, owner)


def test_a_provider_stands_with_what_we_are_called_there() -> None:
    named = {PREFIX + "OPENID_ISSUER": "https://id.example.jp/realms/k"}
    assert "openid_client_id" in said(named)
    named |= {PREFIX + "OPENID_CLIENT_ID": "kakehashi"}
    for factor in ("2", "acr:", "amr:", "amr:pwd+", "amr:+otp", "acr:2 mfa", "ACR:2"):
        assert "openid_factor" in said(named | {PREFIX + "OPENID_FACTOR": factor})
    good = load_settings(env=named | {PREFIX + "OPENID_FACTOR": "acr:urn:x:2 amr:pwd+otp"})
    assert good.openid_factor == "acr:urn:x:2 amr:pwd+otp"
    assert load_settings(env=named | {PREFIX + "OPENID_ISSUER": "http://localhost:8180"}).openid_issuer


def test_a_file_that_is_no_toml_or_not_there_is_named(tmp_path: Path) -> None:
    file = tmp_path / "k.toml"
    assert str(file) in said({"KAKEHASHI_CONFIG": str(file)})
    file.write_text("port = = 1", "utf-8")
    assert str(file) in said({"KAKEHASHI_CONFIG": str(file)})
    file.write_text("port = [8080]", "utf-8")
    assert "port" in said({"KAKEHASHI_CONFIG": str(file)})


def test_every_variable_that_the_project_names_is_a_setting_or_listed_as_none() -> None:
    """Tests and scripts hand on their environment, so what they use must be known."""
    folders = [ROOT / name for name in ("src", "tests", "bench", "scripts", ".ci")]
    files = [
        one for folder in folders for one in folder.rglob("*") if one.suffix in ("", ".py") and one.is_file()
    ]
    found = {
        name
        for file in files
        if file != Path(__file__)
        for name in re.findall(r"KAKEHASHI_[A-Z][A-Z_]*[A-Z]", file.read_text("utf-8", "replace"))
    }
    assert found - {PREFIX + one.upper() for one in NAMES} == NOT_SETTINGS
