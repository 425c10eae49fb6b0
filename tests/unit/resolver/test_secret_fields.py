"""Pages with one field: those that ask for the password of a link, and all others."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from linkskipper.resolver.pages.secret_fields import asks_for_secret

FORM = "<form method=post{}><label>{}</label>{}<button>Go</button></form>"

SECRETS = [
    ("Enter PIN", "name=a maxlength=4"),
    ("", "type=tel id=pin"),
    ("", "type=number name=pin_code"),
    ("Access code:", "name=a"),
    ("", "name=link_password"),
    ("", "name=linkPassword"),
    ("", "name=p placeholder='Mot de passe'"),
    ("请输入密码", "name=code"),
    ("", "name=passphrase"),
    ("Dieser Link ist mit einem Passwort geschützt", "name=code"),
    ("Ez a link jelszóval védett", "name=x"),
    ("Syötä salasana", "name=x"),
    ("Indtast adgangskode", "name=x"),
    ("Skriv inn passord", "name=x"),
    ("Zadejte heslo", "name=x"),
    ("Zadajte heslo", "name=code"),
    ("Introduceți parola", "name=x"),
    ("Εισάγετε τον κωδικό", "name=x"),
    ("הזינו סיסמה", "name=x"),
    ("أدخل كلمة المرور", "name=x"),
    ("رمز عبور را وارد کنید", "name=x"),
    ("पासवर्ड दर्ज करें", "name=x"),
    ("ใส่รหัสผ่าน", "name=x"),
    ("Nhập mật khẩu", "name=x"),
    ("Masukkan kata sandi", "name=x"),
    ("Masukkan kata laluan", "name=x"),
    ("Şifreyi girin", "name=x"),
    ("Unesite lozinku", "name=x"),
    ("Vnesite geslo", "name=x"),
    ("Въведете парола", "name=x"),
    ("Введите пароль", "name=x"),
    ("パスワードを入力", "name=x"),
    ("비밀번호를 입력하세요", "name=x"),
    ("Introdueix la contrasenya", "name=x"),
    ("Introduce la contraseña", "name=x"),
    ("Digite a senha", "name=x"),
    ("Voer het wachtwoord in", "name=x"),
    ("Ange lösenord", "name=x"),
    ("Podaj hasło", "name=x"),
    ("Inserisci la password", "name=x"),
    ("This link is password protected", "name=k"),
    ("", "name=pwd"),
    ("", "name=unlock-code placeholder='Unlock code'"),
]
OTHERS = [
    ("PIN codes of India", "name=q"),
    ("Search the password archive", "name=s"),
    ("", "name=ski_pass"),
    ("PIN Code / Zip", "name=pin"),
    ("Passenger", "name=passenger"),
    ("Compass", "name=compass"),
    ("Check delivery at your PIN", "name=pincode"),
    ("Enter PIN code for delivery", "name=pin_code placeholder='Enter PIN code'"),
    ("Password length", "name=length type=number"),
    ("Newsletter. Forgot your password?", "name=email"),
    ("Password generator", "name=count"),
    ("Search", "name=x placeholder='Search passwords'"),
    ("Your boarding pass", "name=boarding_pass"),
    ("Passport number", "name=passport_no"),
    ("Find by PIN", "name=keyword"),
    ("bypass", "name=bypass"),
    ("Strong password tips", "name=x"),
    ("Spin the wheel PINs", "name=spin"),
    ("Pinterest: Pin it", "name=a"),
    ("Parola del giorno: newsletter", "name=email"),
]


def asks(label: str, *fields: str, form: str = "") -> bool:
    inputs = "".join(f"<input {field}>" for field in fields)
    tree = LexborHTMLParser(FORM.format(form, label, inputs))
    assert tree.body is not None
    return asks_for_secret(tree, tree.body.text(separator="\n"))


@pytest.mark.parametrize(("label", "field"), SECRETS)
def test_secrets(label: str, field: str) -> None:
    """A field for a PIN, a password or a code is found by its name, or by what the page says in any language."""
    assert asks(label, field)


@pytest.mark.parametrize(("label", "field"), OTHERS)
def test_others(label: str, field: str) -> None:
    """Searches, postal codes, newsletters and tools about passwords ask for no password."""
    assert not asks(label, field)


def test_search_forms() -> None:
    """A form that says that it searches asks for no password, whatever its field is called."""
    assert asks("Password", "name=a")
    assert not asks("Password", "name=a", form=" role=search")
    assert not asks("Password", "name=a", form=" action=/search")


def test_a_field_for_each_character() -> None:
    """Several fields of one character are one field for a code."""
    assert asks("Enter the PIN", *["name=a maxlength=1"] * 4)
    assert not asks("Enter the PIN", *["name=a maxlength=4"] * 4)


def test_other_forms() -> None:
    """A search or a newsletter in a form of its own does not hide the question. Another field next to it does."""
    search = "<form role=search><input name=x></form><form><input name=email></form>"
    assert asks(f"Enter the PIN</label></form>{search}<form><label>", "name=a")
    assert not asks("Enter the PIN", "name=a", "name=b")
    assert not asks(f"Enter the PIN</label></form><form><input name=b></form>{search}<form><label>", "name=a")
    assert asks("Enter the PIN", "name=a", "name=b hidden")
