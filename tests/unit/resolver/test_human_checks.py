"""Pages on which a visitor proves to be a human, and pages that only mention it."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from linkskipper.resolver.pages.human_checks import checks_for_human

LETTERS = "<p>{}</p><img src=/i.php><input name=c>"


def checks(html: str) -> bool:
    tree = LexborHTMLParser(html)
    assert tree.body is not None
    return checks_for_human(tree, tree.body.text(separator="\n"))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Type the letters shown in the picture",
            "Enter the code from the image",
            "Security code:",
            "Sicherheitscode",
        ),
        *(
            "Bitte geben Sie die Zeichen aus dem Bild ein",
            "Entrez le code de l'image",
            "Escribe el código de la imagen",
        ),
        *(
            "Introduza os caracteres da imagem",
            "Przepisz kod z obrazka",
            "Resimdeki karakterleri girin",
            "Введите код с картинки",
        ),
        *(
            "Masukkan kode pada gambar",
            "Nhập mã xác nhận",
            "请输入验证码",
            "請輸入驗證碼",
            "画像に表示された文字",
            "보안문자를 입력하세요",
        ),
    ],
)
def test_letters(text: str) -> None:
    """An image with letters is recognised by what the page says, if it has an image and a field."""
    assert checks(LETTERS.format(text))
    assert not checks(f"<p>{text}</p><input name=c>")
    assert not checks(f"<p>{text}</p><img src=/i.php>")


@pytest.mark.parametrize(
    "text",
    [
        *("I'm not a robot", "Please verify that you are human", "Press and hold to continue", "Ich bin kein Roboter"),
        *("Je ne suis pas un robot", "No soy un robot", "Não sou um robô", "Non sono un robot", "Nie jestem robotem"),
        *(
            "Я не робот",
            "Ben robot değilim",
            "我不是机器人",
            "私はロボットではありません",
            "로봇이 아닙니다",
            "Tôi không phải người máy",
        ),
    ],
)
def test_humans(text: str) -> None:
    """A line that begins with the request is one. The title of something else, and a text about it, are not."""
    assert checks(f"<label>{text}</label>")
    assert not checks(f"<h1>{text}: poems</h1>")
    assert not checks(f"<p>It is said: {text}</p>")
    assert not checks(f"<p>{text} {'and so on ' * 5}</p>")


@pytest.mark.parametrize("text", ["3 + 4 =", "7 \u00d7 2 = ?", "What is 12 - 5?"])
def test_sums(text: str) -> None:
    """A page with a sum and a field asks humans to solve it."""
    assert checks(f"<p>{text}</p><input name=a>")
    assert not checks(f"<p>{text}</p>")


@pytest.mark.parametrize(
    "text", ["Open 9 to 5", "Pages 10-12", "Our code of conduct", "Letters from the picture gallery"]
)
def test_other_texts(text: str) -> None:
    """Numbers, letters and pictures of other kinds ask for nothing."""
    assert not checks(LETTERS.format(text))
