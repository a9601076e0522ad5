"""The passwords that are tried first, in China and elsewhere, of eight characters or more and in small letters."""

from __future__ import annotations

from typing import Final

COMMON_PASSWORDS: Final = frozenset(
    """
    00000000 000000000 0000000000 01234567 0123456789 0987654321 1029384756 11111111 111111111 1111111111 11112222
    11223344 1122334455 112233445566 12121212 123123123 123123123123 12312312 1234512345 12341234 123412345 12344321
    12345678 123456789 1234567890 12345678910 123456789a 123456789abc 123456789q 1234567891 12345678a 12345679
    1234567a 1234567q 123456aa 123456ab 123456abc 123456as 123456qq 123456qwe 123456zxc 12345qwert 1234abcd 1234qwer
    123abc123 123qweasd 123qweasdzxc 123qwe123 12qwaszx 13145200 1314520a 1314520520 13141314 13145201314 135792468
    1357924680 147258369 147852369 14789632 159357159 159753456 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc
    1qazxsw2 20082008 2020202020 20202020 21212121 22222222 23232323 25802580 31415926 33333333 36925814 369258147
    43214321 44444444 456456456 45645645 520131400 5201314520 5201314a 520520520 52013140 52052052 55555555 5555555555
    56785678 66666666 666666666 6666666666 66668888 741852963 74108520 77777777 7777777777 789456123 7894561230 78787878
    87654321 88888888 888888888 8888888888 88886666 9638527410 963852741 96385274 987654321 9876543210 98765432
    99999999 999999999 9999999999 a1234567 a12345678 a123456789 a1b2c3d4 a1b2c3d4e5 aa112233 aa123123 aa123456
    aa123456789 aa12345678 aaa111222 aaa123456 aaaa1111 aaaaaaaa abc12345 abc123456 abc123abc abc123456789 abcd1234
    abcd12345 abcd123456 abcde12345 abcdef123 abcdefgh abcdefghi access14 admin123 admin1234 admin12345 admin123456
    admin888 admin888888 administrator adminadmin as123456 asd12345 asd123456 asd123asd asdasdasd asdf1234 asdfasdf
    asdfghjk asdfghjkl asdqwe123 babygirl baseball basketball batman123 bismillah blink182 butterfly changeme
    changeme123 chocolate computer computer1 corvette crackers default1 dragon123 elephant elizabeth facebook
    flower123 football football1 freedom1 fuckyou1 google123 guest123 hello123 hello1234 helloworld helpdesk
    iloveyou iloveyou1 iloveyou2 internet jennifer jordan23 letmein1 letmein123 liverpool liverpool1 login123
    lovelove loveyou1 manager1 manager123 master123 maverick mercedes michael1 michelle midnight mima1234 mima123456
    monkey123 mustang1 nicholas nihao123 p@$$w0rd p@ssw0rd p@ssw0rd1 p@ssw0rd123 p@ssword pa$$w0rd pa55word
    pass1234 pass12345 passpass passw0rd passw0rd1 password password! password0 password01 password1 password1!
    password11 password12 password123 password123! password1234 password2 passwort picture1 pokemon1 princess
    princess1 q1w2e3r4 q1w2e3r4t5 q1w2e3r4t5y6 qaz123456 qazwsx123 qazwsxedc qazwsxedcrfv qazxsw123 qq123123
    qq123456 qq123456789 qq12345678 qqww1122 qwe123456 qwe123qwe qweasd123 qweasdzxc qweqweqwe qwer1234 qwer12345
    qwer123456 qwerasdf qwerqwer qwert123 qwert12345 qwert1234 qwerty12 qwerty123 qwerty1234 qwerty12345 qwerty123456
    qwertyui qwertyuiop root1234 root123456 rootroot samantha secret123 security september server123 shadow123
    sopia123 sopia1234 starwars sunshine sunshine1 superman superman1 superuser system123 temp1234 test1234
    test12345 test123456 testtest trustno1 user1234 user12345 victoria w123456789 wang1234 welcome1 welcome12
    welcome123 welcome1234 whatever woaini123 woaini1234 woaini123456 woaini1314 woaini1314520 woaini520 woaini521
    woaiwojia woshishei x123456789 xiaoming123 z123456789 zaq12wsx zaq1zaq1 zhang123 zhang1234 zhangwei123
    zhongguo zhongguo1 zxc123456 zxc12345 zxcasdqwe zxcv1234 zxcvbnm1 zxcvbnm123 zxcvbnm, zxcvbnma zxczxczxc zz123456
    """.split()
)
