# fish tab.fish <cases: prints what fish offers for each, without descriptions.
if test -z "$LAZY"
	pinfix completion fish | source
end
while read -l line
	echo $line
	complete -C (string replace -r '\|$' '' -- $line)"" | string replace -r '\t.*' '' | sort -u | string replace -r '^' '  '
end
