"""Signatures are those of the Standard Webhooks specification."""

from __future__ import annotations

from workbench.services.webhooks import signing


def test_the_published_example_of_the_specification() -> None:
    # The vector of the reference libraries' tests.
    found = signing.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_hangs_on_the_salt_and_on_the_installations_own() -> None:
    salt = signing.new_salt()
    secrets = {
        signing.secret_of("a" * 40, salt),
        signing.secret_of("b" * 40, salt),
        signing.secret_of("a" * 40, signing.new_salt()),
    }
    assert len(secrets) == 3
    assert len({signing.check_of(each) for each in secrets}) == 3
    assert signing.secret_of("a" * 40, salt) in secrets
    assert all(each.startswith("whsec_") and len(each) == 50 for each in secrets)
