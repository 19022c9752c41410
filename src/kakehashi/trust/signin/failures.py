"""What sign-in says when it says no: the same whether the login, the password or the account is at fault."""

from kakehashi.core.errors import Unauthenticated


def wrong_sign_in() -> Unauthenticated:
    """Return the one refusal of a first factor."""
    return Unauthenticated(
        "ログイン名またはパスワードが違うか、利用できません。",
        "The login or the password is wrong, or not in use.",
        rule="signin.wrong",
    )


def wrong_second() -> Unauthenticated:
    """Return the one refusal of a second factor."""
    return Unauthenticated(
        "コードが違うか、既に使われています。次のコードでやり直してください。",
        "This code is wrong, or was used already. Try again with the next one.",
        rule="signin.second",
    )


def wrong_passkey() -> Unauthenticated:
    """Return the one refusal of a passkey."""
    return Unauthenticated(
        "パスキーで確認できませんでした。もう一度お試しください。",
        "The passkey could not be verified. Please try again.",
        rule="signin.passkey",
    )
