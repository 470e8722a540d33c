/** Letters that no decomposition takes apart, and the two alphabets nearest to Latin. */
const latin: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ħ: 'h',
  ı: 'i',
  ŋ: 'ng',
  ...paired(
    'абвгдежзиклмнопрстуфхцчшщъыьэюяєіґјљњћџђ',
    'a b v g d e zh z i k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya ie i g j lj nj c dz dj',
  ),
  ...paired('αβγδεζηθικλμνξοπρσςτυφχψω', 'a v g d e z i th i k l m n x o p r s s t y f ch ps o'),
};

function paired(letters: string, spellings: string): Record<string, string> {
  const spelled = spellings.split(' ').map((spelling) => spelling.replace('_', ''));
  return Object.fromEntries([...letters].map((letter, place) => [letter, spelled[place] ?? '']));
}

/** The words of a text in plain `a-z0-9`; letters of other scripts are dropped. */
export function plainWords(text: string): string[] {
  const bare = text
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}|['’ʼ`]/gu, '');
  return [...bare]
    .map((character) => latin[character] ?? character)
    .join('')
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}
